import type { LoadedImage } from '#engine';
import type { ImagePackages, LayerPackages, PackageChange, PackageOwner } from '#engine/packages';
import { displayText, formatSize, plural } from '#model';
import { sizeCell } from './changes.ts';
import { layerCommand } from './layer-command.ts';
import type { Style } from './style.ts';

type Paint = (text: string) => string;

/** What is shown of a layer, in this order: what it added, what it upgraded, what it removed, and what it only touched. */
const SECTIONS: readonly { readonly kind: PackageChange['kind']; readonly mark: string; readonly title: string }[] = [
  { kind: 'added', mark: '+', title: 'added' },
  { kind: 'modified', mark: '~', title: 'upgraded or changed; the old files are still in the layers below' },
  { kind: 'removed', mark: '−', title: 'removed; the files are still in the layers below' },
  { kind: 'touched', mark: '·', title: 'files written again' },
];

/** Yields the lines for each layer and its packages, heaviest first. */
export function* layersText({ layers }: ImagePackages, { report }: LoadedImage, style: Style): Generator<string> {
  for (const layer of layers) {
    const command = layerCommand(report.layers[layer.layer]?.createdBy ?? null);
    const title = `${style.bold(`layer ${layer.layer}`)}  ${formatSize(layer.bytes)}, ${plural(layer.packages, 'package')}`;
    yield `${layer.layer === 0 ? '' : '\n'}${title}${command === '' ? '' : `  ${style.dim(command)}`}\n`;
    yield* sectionsText(layer, style);
    yield `${sizeCell(layer.unownedBytes)}  ${style.dim('in no package')}\n`;
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
    const own = changes.filter((change) => change.kind === kind).sort((a, b) => b.bytes - a.bytes);
    if (own.length === 0) continue;
    const bytes = own.reduce((sum, change) => sum + change.bytes, 0);
    yield `${sizeCell(bytes)}  ${plural(own.length, 'package')} ${style.dim(title)}\n`;
    for (const change of own) yield `${sizeCell(change.bytes)}  ${paints[kind](`${mark} ${nameText(change)}`)}${noteText(change, style)}\n`;
  }
}

function noteText({ kind, status, version, previous }: PackageChange, style: Style): string {
  const notes: string[] = [];
  if (previous !== undefined && previous.version !== version) notes.push(`was ${previous.version}`);
  if (previous !== undefined && previous.status !== status) notes.push(`was ${previous.status ?? 'in no state'}`);
  if (kind === 'removed' && status !== null) notes.push(`left in the state ${status}`);
  return notes.length === 0 ? '' : `  ${style.dim(`(${displayText(notes.join(', '))})`)}`;
}

/** Yields a line for each package as seen at a layer. */
export function* installedText({ installed }: ImagePackages, style: Style): Generator<string> {
  for (const each of installed()) {
    const { bytes, layer, location } = each;
    yield `${sizeCell(bytes)}  ${nameText(each)}  ${style.dim(`layer ${layer}, ${displayText(location)}`)}\n`;
  }
}

/** `deb curl 7.88.1-10 amd64`. */
function nameText({ type, name, version, arch }: PackageOwner): string {
  return displayText(`${type} ${name} ${version}${arch === null ? '' : ` ${arch}`}`);
}
