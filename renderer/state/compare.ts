import { bytesBefore, bytesNow } from '#changes';
import type { ArchiveSummary, BreakdownOf, ConfigReport, ImageSummary } from '#contract';
import { changeWords, displayPath, KIND, type RowTable, rowPath, setTime, TYPE } from '#model';
import { words } from '../words/index.ts';
import { formatSize } from '../words/numbers.ts';
import { plainCommand } from './chain.ts';
import { imageTitle } from './library.ts';
import { archiveLabel } from './same-names.ts';
import type { Selection, Side } from './selection.ts';

/**
 * Returns side A of a new comparison if there is an obvious choice: the only other image or, if there is none, the layer below the selected
 * ones. Returns `ask` if the user should choose from {@link sideChoices}.
 */
export function obviousSide(archives: readonly ArchiveSummary[], selection: Selection): Side | 'ask' {
  const [other, another] = otherImages(archives, selection);
  if (other !== undefined) return another === undefined ? topOf(other) : 'ask';
  const { archiveId, image, mode, from, to } = selection;
  const below = (mode === 'layer' ? from : to) - 1;
  return archiveId === null || mode === 'image' || below < 0 ? 'ask' : { archiveId, image, layer: below };
}

/**
 * Whether a filesystem is known to be later than another. In the same image, the higher layer is later. Otherwise the image that was
 * created later is or, if that isn't known, the one with the higher version of the same name. A comparison reads from the earlier to the
 * later, so the later one is side B, whichever of them is on screen.
 */
export function isLater(archives: readonly ArchiveSummary[], side: Side, than: Side): boolean {
  if (side.archiveId === than.archiveId && side.image === than.image) return side.layer > than.layer;
  const [one, other] = [imageOf(archives, side), imageOf(archives, than)];
  const [oneTime, otherTime] = [createdAt(one), createdAt(other)];
  if (oneTime > otherTime || oneTime < otherTime) return oneTime > otherTime;
  const [version, thanVersion] = [versionIn(one), versionIn(other)];
  if (version === null || version.of !== thanVersion?.of) return false;
  return BY_VERSION.compare(version.tag, thanVersion.tag) > 0;
}

const BY_VERSION = new Intl.Collator('en', { numeric: true });

function imageOf(archives: readonly ArchiveSummary[], { archiveId, image }: Side): ImageSummary | undefined {
  return archives.find((each) => each.archiveId === archiveId)?.images.find(({ index }) => index === image);
}

/** Returns when the last history step with a time was made, in ms since 1970; NaN if no step has a time. */
function createdAt(image: ImageSummary | undefined): number {
  const stated = image?.history.findLast(({ created }) => setTime(created) !== null);
  return Date.parse(stated?.created ?? '');
}

/** Returns the last part of an image's name, and its tag, if the tag begins like a version; else null. */
function versionIn(image: ImageSummary | undefined): { readonly of: string; readonly tag: string } | null {
  const [, of, tag] = /([^/]+):(v?\d[^/@]*)(?:@|$)/.exec(image?.names[0] ?? '') ?? [];
  return of === undefined || tag === undefined ? null : { of, tag };
}

interface ImageOf {
  readonly archive: ArchiveSummary;
  readonly image: ImageSummary;
}

function otherImages(archives: readonly ArchiveSummary[], { archiveId, image }: Selection): readonly ImageOf[] {
  return archives.flatMap((archive) =>
    archive.images.filter(({ index }) => archive.archiveId !== archiveId || index !== image).map((other) => ({ archive, image: other })),
  );
}

function topOf({ archive, image }: ImageOf): Side {
  return { archiveId: archive.archiveId, image: image.index, layer: Math.max(0, image.layers.length - 1) };
}

/** What the selection can be compared with. */
export interface SideChoice {
  readonly id: string;
  readonly group: string;
  readonly label: string;
  readonly detail: string;
  /** The side to compare with; null for an image that isn't open yet. */
  readonly side: Side | null;
}

/** Lists what the selection can be compared with: other open images, an image to open, and the other layers of its own image, top first. */
export function sideChoices(archives: readonly ArchiveSummary[], selection: Selection): readonly SideChoice[] {
  const { archiveId, image: index, to } = selection;
  const images = otherImages(archives, selection).map(({ archive, image }) => ({
    id: `image ${archive.archiveId} ${image.index}`,
    group: words.compare.withImage,
    label: imageTitle(archive, image),
    detail: words.compare.imageDetail(archiveLabel(archives, archive), image.platform === 'unknown' ? '' : image.platform),
    side: topOf({ archive, image }),
  }));
  const open = { id: 'open', group: words.compare.withImage, label: words.open, detail: words.compare.openDetail, side: null };
  const own = archives.find((each) => each.archiveId === archiveId)?.images.find((each) => each.index === index);
  if (archiveId === null || own === undefined) return [...images, open];
  const layers = own.layers
    .filter((layer) => layer.index !== to)
    .reverse()
    .map((layer) => ({
      id: `layer ${layer.index}`,
      group: words.compare.withLayer,
      label: layer.index === own.layers.length - 1 ? words.compare.wholeImageAt(layer.index) : words.layerTitle(layer.index),
      detail: plainCommand(layer.createdBy) ?? words.commandUnknown,
      side: { archiveId, image: index, layer: layer.index },
    }));
  return [...images, open, ...layers];
}

/** Counts the lowest layers that two images share, by chain ID, which identifies a layer together with all layers below. */
export function commonLayers(a: ImageSummary, b: ImageSummary): number {
  let common = 0;
  const count = Math.min(a.layers.length, b.layers.length);
  while (common < count) {
    const one = a.chainIds[common];
    if (one === null || one === undefined || one !== b.chainIds[common]) break;
    common++;
  }
  return common;
}

/** Longer runs of layers are folded into one line if none of these layers is a side of the comparison. */
const MOST_WITHOUT_SIDE = 8;

/** Returns the layers in order, each as an item, except that a long run of layers that are not sides of the comparison is one item. */
export function foldedRuns<T extends { readonly index: number }>(
  layers: readonly T[],
  isSide: (layer: number) => boolean,
): readonly (readonly T[])[] {
  const runs: T[][] = [];
  for (const layer of layers) {
    const last = runs.at(-1);
    if (last === undefined || isSide(layer.index) || isSide(last[0]?.index ?? 0)) runs.push([layer]);
    else last.push(layer);
  }
  return runs.flatMap((run) => (run.length > MOST_WITHOUT_SIDE ? [run] : run.map((layer) => [layer])));
}

/** Returns what a side covers, in the form that a request for its sums needs. */
export function sideScope({ layer, since }: Side): BreakdownOf {
  return since === undefined ? { what: 'view', layer } : { what: 'changes', from: since, to: layer };
}

/**
 * How the sides' bytes differ, by row: differing bytes in side A, and how many bytes larger side B is (negative if smaller). Folders
 * include everything in them.
 */
export interface SideBytes {
  readonly before: Float64Array;
  readonly net: Float64Array;
}

/**
 * Computes {@link SideBytes} in one pass, from the last row to the first. A removed folder's row includes its contents. Hard-linked bodies
 * are counted once.
 */
export function sideBytes(table: RowTable): SideBytes {
  const { length, parent } = table;
  const before = new Float64Array(length);
  const net = new Float64Array(length);
  for (let row = length - 1; row >= 0; row--) {
    const was = bytesBefore(table, row);
    before[row] = (before[row] as number) + was;
    net[row] = (net[row] as number) + bytesNow(table, row) - was;
    const above = parent[row] as number;
    if (above < 0) continue;
    before[above] = (before[above] as number) + (before[row] as number);
    net[above] = (net[above] as number) + (net[row] as number);
  }
  return { before, net };
}

/** Formats a difference of sizes: `+1.2 MB`, `−340.0 kB`, `0 B`. */
export function signedSize(bytes: number): string {
  return bytes > 0 ? `+${formatSize(bytes)}` : formatSize(bytes);
}

/** Returns a line about a config field that differs. */
function configWords({ field, a, b }: ConfigReport['differences'][number]): string {
  const name = `${words.compare.report.config} ${field}`;
  if (a === null) return `+ ${name}: ${b ?? ''}`;
  return b === null ? `− ${name}: ${a}` : `~ ${name}: ${a} → ${b}`;
}

/**
 * Formats a comparison as text: both sides, one line per path like `layerscope diff`, config fields that differ, and sums. Names are
 * escaped.
 */
export function textReport(
  table: RowTable,
  { titleA, titleB, configs = [] }: { titleA: string; titleB: string; configs?: ConfigReport['differences'] },
): string {
  const lines = [`A  ${titleA}`, `B  ${titleB}`, ''];
  const tally = [0, 0, 0, 0];
  const cell = (bytes: number) => formatSize(bytes).padStart(10);
  for (let row = 0; row < table.length; row++) {
    const kind = table.kind[row] as number;
    if (kind === KIND.unchanged) continue;
    tally[kind] = (tally[kind] ?? 0) + 1;
    const isFile = table.type[row] === TYPE.file || table.type[row] === TYPE.hardlink;
    const size = isFile ? cell(table.size[row] as number) : ' '.repeat(10);
    const path = `${displayPath(rowPath(table, row))}${table.type[row] === TYPE.directory ? '/' : ''}`;
    const notes: string[] = [];
    if (kind === KIND.modified) {
      notes.push(...changeWords(table.differs[row] as number));
      if (isFile && table.previousSize[row] !== table.size[row])
        notes.push(words.compare.report.was(formatSize(table.previousSize[row] as number)));
    } else if (kind === KIND.removed && (table.hiddenEntries[row] as number) > 0) {
      notes.push(words.compare.report.below(table.hiddenEntries[row] as number, formatSize(table.hiddenBytes[row] as number)));
    }
    const glyph = kind === KIND.added ? '+' : kind === KIND.modified ? '~' : '−';
    lines.push(`${glyph} ${size}  ${path}${notes.length === 0 ? '' : `  (${words.list(notes)})`}`);
  }
  for (const each of configs) lines.push(configWords(each));
  const { net } = sideBytes(table);
  let sum = 0;
  for (let row = 0; row < table.length; row = table.subtreeEnd[row] as number) sum += net[row] as number;
  const added = tally[KIND.added] ?? 0;
  const modified = tally[KIND.modified] ?? 0;
  const removed = tally[KIND.removed] ?? 0;
  const inConfig = configs.length === 0 ? '' : words.compare.report.inConfig(configs.length);
  const isSame = added + modified + removed + configs.length === 0;
  lines.push(
    '',
    isSame
      ? words.compare.report.identical
      : words.list([`+${added} ~${modified} −${removed}`, words.compare.net(signedSize(sum)), inConfig]),
  );
  return `${lines.join('\n')}\n`;
}
