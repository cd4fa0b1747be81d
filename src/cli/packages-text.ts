import type { PackageOwner } from '#contract';
import type { LoadedImage } from '#engine';
import { bySize, type ImagePackages, type LayerPackages, type PackageChange } from '#engine/packages';
import { displayText, formatSize, plural } from '#model';
import { layerCommand } from './layer-command.ts';
import { sizeCell, UNKNOWN_SIZE_CELL } from './size-cell.ts';
import type { Style } from './style.ts';

type Paint = (text: string) => string;

interface Section {
  readonly kind: PackageChange['kind'];
  readonly mark: string;
  /** Heading for packages with this kind of change. `hidden`: size of their old files in the layers below. */
  readonly title: (count: number, hidden: string) => string;
}

/** The sections of a layer, in order: packages that it added, upgraded, removed and only touched. */
const SECTIONS: readonly Section[] = [
  { kind: 'added', mark: '+', title: (count) => `${plural(count, 'package')} added` },
  {
    kind: 'modified',
    mark: '~',
    title: (count, hidden) => `${plural(count, 'package')} upgraded or changed; the old files below still weigh ${hidden}`,
  },
  { kind: 'removed', mark: '−', title: (count) => `${plural(count, 'package')} removed; the files are still in the layers below` },
  {
    kind: 'touched',
    mark: '·',
    title: (count, hidden) => `files of ${plural(count, 'package')} written again; the copies below still weigh ${hidden}`,
  },
];

/** Yields the lines for each layer and its packages, largest first. An image without packages gets one line. */
export function* layersText({ layers }: ImagePackages, { report }: LoadedImage, style: Style): Generator<string> {
  if (layers.every(({ packages, changes }) => packages === 0 && changes.length === 0)) {
    const bytes = layers.reduce((sum, layer) => sum + layer.bytes, 0);
    yield `No packages in ${plural(layers.length, 'layer')}, ${formatSize(bytes)}\n`;
    return;
  }
  for (const layer of layers) {
    const command = layerCommand(report.layers[layer.layer]?.createdBy ?? null);
    const count = layer.packages === 0 ? '' : `, ${plural(layer.packages, 'package')}`;
    const title = `${style.bold(`layer ${layer.layer}`)}  ${formatSize(layer.bytes)}${count}`;
    yield `${layer.layer === 0 ? '' : '\n'}${title}${command === '' ? '' : `  ${style.dim(command)}`}\n`;
    yield* sectionsText(layer, style);
    if (layer.bytes > 0) yield `${sizeCell(layer.unownedBytes)}  ${style.dim('not owned by a package')}\n`;
  }
}

function* sectionsText({ changes }: LayerPackages, style: Style): Generator<string> {
  const paints: Readonly<Record<PackageChange['kind'], Paint>> = {
    added: style.added,
    modified: style.modified,
    removed: style.removed,
    touched: style.dim,
  };
  for (const { kind, mark, title } of SECTIONS) {
    const own = changes.filter((change) => change.kind === kind).sort(bySize);
    if (own.length === 0) continue;
    const bytes = own.reduce((sum, change) => sum + change.bytes, 0);
    const hidden = own.reduce((sum, { hiddenBytes = 0 }) => sum + hiddenBytes, 0);
    yield `${sizeCell(bytes)}  ${title(own.length, formatSize(hidden))}\n`;
    for (const change of own) yield `${packageCell(change)}  ${paints[kind](`${mark} ${nameText(change)}`)}${noteText(change, style)}\n`;
  }
}

function noteText({ kind, status, version, previous, hiddenBytes }: PackageChange, style: Style): string {
  const notes: string[] = [];
  if (previous !== undefined && previous.version !== version)
    notes.push(`was ${previous.version}, ${formatSize(hiddenBytes ?? 0)} hidden below`);
  if (previous !== undefined && previous.status !== status) notes.push(`was ${previous.status ?? 'in no state'}`);
  if (kind === 'removed' && status !== null) notes.push(`left in the state ${status}`);
  return notes.length === 0 ? '' : `  ${style.dim(`(${displayText(notes.join(', '))})`)}`;
}

/** Yields a line for each package as seen at a layer. */
export function* installedText({ installed }: ImagePackages, style: Style): Generator<string> {
  for (const each of installed()) {
    const { layer, location } = each;
    yield `${packageCell(each)}  ${nameText(each)}  ${style.dim(`layer ${layer}, ${displayText(location)}`)}\n`;
  }
}

function packageCell({ bytes, filesKnown }: Pick<PackageChange, 'bytes' | 'filesKnown'>): string {
  return filesKnown ? sizeCell(bytes) : UNKNOWN_SIZE_CELL;
}

/** Formats `deb curl 7.88.1-10 amd64`. */
function nameText({ type, name, version, arch }: PackageOwner): string {
  return displayText(`${type} ${name} ${version}${arch === null ? '' : ` ${arch}`}`);
}
