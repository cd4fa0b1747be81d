import type { KeyObject } from 'node:crypto';
import type { Archive } from '#archive';
import { artifactReport, assembleImage, chooseImage, inspectArchive, parsePublicKey, verifySignatures } from '#engine';
import { readSettings } from '#files';
import {
  type ArchiveReport,
  displayText,
  FINDING_HINTS,
  type Finding,
  formatCount,
  formatSize,
  grouped,
  type ImageReport,
  jsonText,
  type LayerReport,
  LayerscopeError,
  plural,
  shortDigest,
  sortFindings,
} from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { artifactLines, attestationLines } from './describe-stated.ts';
import { layerCommand } from './layer-command.ts';
import { openInput } from './open-input.ts';
import { IMAGE_OPTIONS, JSON_OPTION } from './options.ts';
import type { Style } from './style.ts';
import { formatTable, shareBar, shorten } from './text-table.ts';

export const spec: CommandSpec = {
  name: 'inspect',
  operands: 'IMAGE',
  minOperands: 1,
  maxOperands: 1,
  options: {
    verify: { summary: 'read everything and check every digest and diff ID; mismatches are findings; to fail on them, use check --verify' },
    scan: { summary: 'read everything and search all files for secrets, which are findings' },
    key: { value: 'FILE', summary: 'check signatures by cosign with this public key (PEM: ECDSA P-256, RSA or Ed25519)' },
    json: JSON_OPTION,
    ...IMAGE_OPTIONS,
    image: { value: 'N|NAME', summary: 'only this image of the archive (default: all)' },
  },
  summary: 'Images, layers, counts, sizes, waste and findings.',
};

export async function run(context: Context, args: Arguments): Promise<number> {
  const keyFile = args.value('key');
  const key = keyFile === undefined ? null : readKey(keyFile);
  const isForListing = !args.flag('verify') && !args.flag('scan');
  await using input = await openInput(context, args, args.operands[0] ?? '', { isForListing });
  const { reader } = input;
  const archive = key === null ? input.archive : { ...input.archive, artifacts: await checkedArtifacts(context, input.archive, key) };
  const options = { verify: args.flag('verify'), scan: args.flag('scan'), signal: context.signal, onProgress: context.progress.update };
  const choice = { image: args.value('image'), platform: args.value('platform') };
  let report: ArchiveReport;
  if (choice.image === undefined && choice.platform === undefined)
    report = await inspectArchive(reader, archive, { ...options, build: process.env.LAYERSCOPE_BUILD });
  else {
    const image = chooseImage(archive, choice);
    const loaded = await assembleImage(reader, archive, image, await reader.indexLayers(image.layers, options), options);
    const ofArchive = archive.findings.filter((finding) => finding.image === undefined || finding.image === image.index);
    const { format, source, artifacts } = archive;
    report = {
      format,
      ...(source === undefined ? {} : { source: { ...source } }),
      images: [loaded.report],
      artifacts: artifacts.map(artifactReport),
      findings: sortFindings([...ofArchive, ...loaded.findings]),
    };
  }
  context.progress.clear();
  if (args.flag('json')) context.out.write(`${jsonText(report, 2)}\n`);
  else for (const line of describeArchive(archive.title, report, context.style)) context.out.write(`${line}\n`);
  return EXIT.done;
}

const MAX_KEY_BYTES = 64 * 1024;

/** Returns the archive's artifacts, with the results of checking their signatures against the key. Throws CANCELLED. */
function checkedArtifacts({ signal, warn }: Context, { artifacts }: Archive, key: KeyObject): Promise<Archive['artifacts']> {
  return verifySignatures(artifacts, key, { signal, onProblem: ({ message }) => warn(message) });
}

/** Throws USAGE if the file isn't a public key; NOT_FOUND, TOO_LARGE, PERMISSION, IO. */
function readKey(file: string): KeyObject {
  const bytes = readSettings(file, MAX_KEY_BYTES);
  if (bytes === null) throw new LayerscopeError('NOT_FOUND', `${displayText(file)} does not exist`);
  return parsePublicKey(bytes.toString('utf8'), displayText(file));
}

const FORMAT_WORDS: Readonly<Record<ArchiveReport['format'], string>> = {
  'docker-archive': 'docker-archive',
  'oci-archive': 'OCI archive',
  'oci-layout': 'OCI layout folder',
  dir: 'image folder (dir:)',
  layer: 'a single layer tar',
  docker: 'Docker image',
  podman: 'Podman image',
  containerd: 'containerd image',
  registry: 'registry image',
};

function* describeArchive(title: string, report: ArchiveReport, style: Style): Generator<string> {
  yield `${style.bold(displayText(title))}  ${style.dim(FORMAT_WORDS[report.format])}`;
  if (report.images.length === 0) yield report.artifacts.length === 0 ? '  no images' : '  no images, artifacts only';
  for (const image of report.images) {
    yield '';
    yield* describeImage(image, report.images.length > 1, style);
  }
  yield* artifactLines(report.artifacts, style);
  yield* describeFindings(report.findings, report.images.length > 1, style);
}

function* describeImage(image: ImageReport, numbered: boolean, style: Style): Generator<string> {
  const id = image.configDigest ?? image.manifestDigest;
  const name = image.names.length > 0 ? image.names.map(displayText).join(', ') : id === null ? 'image without a name' : shortDigest(id);
  const facts = [
    displayText(image.platform),
    image.osVersion === undefined ? '' : displayText(image.osVersion),
    id === null ? '' : shortDigest(id),
  ];
  yield `${numbered ? style.dim(`${image.index}  `) : ''}${style.bold(name)}  ${style.dim(facts.filter((fact) => fact !== '').join('  '))}`;
  const { files, fileBytes, finalBytes, wastedBytes, efficiency } = image.totals;
  const hidden = `${formatSize(wastedBytes)} hidden`;
  yield [
    `  ${plural(image.layers.length, 'layer')}, ${formatSize(fileBytes)}`,
    `${plural(files, 'file')}, ${formatSize(finalBytes)} visible`,
    wastedBytes > 0 ? style.modified(hidden) : hidden,
    `efficiency ${(efficiency * 100).toFixed(1)} %`,
  ].join(' · ');
  if (image.layers.length > 0) yield* describeLayers(image.layers, style);
  yield* attestationLines(image.attestations, style);
}

const BAR_COLUMNS = 10;
const COUNT_COLUMNS = { added: 3, modified: 4, removed: 5 } as const;

function count(mark: string, value: number): string {
  return value === 0 ? '·' : mark + formatCount(value);
}

function layerRow(layer: LayerReport, largest: number): string[] {
  const id = layer.diffId ?? layer.digest;
  const state = layer.status === 'present' ? '' : `[${layer.status}] `;
  return [
    String(layer.index),
    shareBar(largest === 0 ? 0 : layer.fileBytes / largest, BAR_COLUMNS),
    formatSize(layer.fileBytes),
    count('+', layer.added),
    count('~', layer.modified),
    count('−', layer.removed),
    `${formatSize(layer.blobBytes)}${layer.compression === 'none' ? '' : ` ${layer.compression}`}`,
    id === null ? '' : shortDigest(id),
    state + layerCommand(layer.createdBy),
  ];
}

function* describeLayers(layers: readonly LayerReport[], style: Style): Generator<string> {
  const largest = layers.reduce((most, { fileBytes }) => Math.max(most, fileBytes), 0);
  const rows = layers.map((layer) => layerRow(layer, largest));
  const columns = [
    { title: 'layer', align: 'right' },
    { title: '' },
    { title: 'size', align: 'right' },
    { title: 'added', align: 'right' },
    { title: 'modified', align: 'right' },
    { title: 'removed', align: 'right' },
    { title: 'stored', align: 'right' },
    { title: 'diff ID' },
    { title: 'command' },
  ] as const;
  const last = columns.length - 1;
  const paint = (cell: string, _row: number, column: number): string => {
    if (column === 1) return style.accent(cell);
    if (cell.trim() === '·') return style.dim(cell);
    if (column === COUNT_COLUMNS.added) return style.added(cell);
    if (column === COUNT_COLUMNS.modified) return style.modified(cell);
    if (column === COUNT_COLUMNS.removed) return style.removed(cell);
    if (column === 6 || column === 7) return style.dim(cell);
    return cell;
  };
  // The command may be long, so it is shortened to the rest of the terminal's width.
  const taken =
    (
      formatTable(
        columns,
        rows.map((row) => row.slice(0, last)),
      )[0] ?? ''
    ).length + 'command'.length;
  const room = style.columns === null ? Number.POSITIVE_INFINITY : Math.max(16, style.columns - taken - 4);
  for (const row of rows) row[last] = shorten(row[last] ?? '', room);
  for (const line of formatTable(columns, rows, { header: style.dim, paint })) yield `  ${line}`;
}

const SHOWN_IN_GROUP = 5;

function* describeFindings(findings: readonly Finding[], numbered: boolean, style: Style): Generator<string> {
  if (findings.length === 0) return;
  const rank = { error: 0, warning: 1, note: 2 } as const;
  const paint = { error: style.removed, warning: style.modified, note: style.dim } as const;
  // Grouped by severity, too, because findings with the same code may differ in it: a secret in an example is a note, and must not be
  // listed as an error.
  const groups = [...grouped(findings, ({ code, severity }) => `${severity} ${code}`).values()];
  groups.sort((a, b) => rank[a[0]?.severity ?? 'note'] - rank[b[0]?.severity ?? 'note']);
  yield '';
  yield plural(findings.length, 'finding');
  for (const group of groups) {
    const [first] = group;
    if (first === undefined) continue;
    yield `  ${paint[first.severity](first.severity.padEnd(7))}  ${style.bold(first.code)}  ${style.dim(FINDING_HINTS[first.code].hint)}`;
    for (const finding of group.slice(0, SHOWN_IN_GROUP)) {
      const where = [
        numbered && finding.image !== undefined ? `image ${finding.image}` : '',
        finding.layer === undefined ? '' : `layer ${finding.layer}`,
        finding.path === undefined ? '' : displayText(finding.path),
      ].filter((part) => part !== '');
      yield `           ${where.length === 0 ? '' : `${where.join(', ')}: `}${displayText(finding.message)}`;
    }
    if (group.length > SHOWN_IN_GROUP) yield `           ${style.dim(`and ${formatCount(group.length - SHOWN_IN_GROUP)} more`)}`;
  }
}
