import { FINDING_HINTS, WASTE_HINTS, WASTE_KINDS, type WasteCause, type WasteCode, wasteAdvice } from '#model';
import type { Phrase } from '../language.ts';
import { formatCount, formatShare } from '../numbers.ts';
import { counted, FILES, form, LAYERS } from './grammar.ts';

const MORE_FILES = { one: 'more file', other: 'more files' };

/** Maximum number of layers that are listed individually; more are given as a range. */
const MOST_NAMED = 3;

/**
 * Describes layers, given in any order. Many layers are described as a range, `layers 0–110`, or as part of a range, `57 of layers 0–110`.
 */
function writersText(writers: readonly number[]): string {
  if (writers.length <= MOST_NAMED) return `${writers.length === 1 ? 'layer' : 'layers'} ${writers.join(', ')}`;
  const [from, to] = [Math.min(...writers), Math.max(...writers)];
  const range = `layers ${from}–${to}`;
  return to - from + 1 === writers.length ? range : `${formatCount(writers.length)} of ${range}`;
}

export const waste = {
  title: 'Waste',
  close: 'Close waste',
  /** Makes the panel as tall as the window. */
  taller: 'Expand waste to fill the window',
  lower: 'Show waste below the changes',
  /** The list of causes and kinds, each with its sum and advice. */
  summary: 'Causes and kinds',
  showList: (title: string) => `${title}: show the list`,
  showAll: (count: number) => `Show all ${formatCount(count)}`,
  showFirst: (count: number) => `Show the first ${formatCount(count)}`,
  inStatusBar: <T>(size: T): Phrase<T> => ['Waste: ', size, ' hidden'],
  share: (share: number) => `(${formatShare(share)} %)`,
  inFiles: (size: string) => `${size} in files that a later layer removes or overwrites`,
  sums: <T>(wasted: T, all: T): Phrase<T> => [wasted, ' of ', all, ' hidden'],
  none: 'No waste: every file of every layer is visible in the image.',
  adding: 'Adding up hidden bytes by cause and layer…',
  comparing: 'Looking for files written again with the same content…',
  findRewritten: 'Find files written again with the same content',
  noneRewritten: 'No file was written again with the same content.',
  /** Title and advice by cause. */
  causes: WASTE_HINTS,
  group: <T>(title: string, size: T, files: number): Phrase<T> => [`${title} · `, size, ` in ${counted(files, FILES)}`],
  byLayerLabel: 'Waste by layer',
  byLayer: 'By layer',
  hidden: (size: string) => `${size} hidden`,
  shareOfList: (share: number) => `${formatShare(share)} % of this list`,
  placeOf: (path: string, size: string) => `${path}: ${size}`,
  /** Headings of the lists. The layers in the column `hiddenIn` hid what the layers in `addedIn` wrote. */
  columns: {
    bytes: 'Size',
    path: 'Path',
    addedIn: 'Added in',
    hiddenIn: { deleted: 'Deleted in', overwritten: 'Overwritten in', rewritten: 'Rewritten in' } satisfies Record<WasteCause, string>,
    removedIn: 'Removed in',
    command: 'By command',
  },
  inLayers: (layers: readonly number[]) => `also in ${form(layers.length, LAYERS)} ${layers.join(', ')}`,
  showInLayer: (layer: number) => `${layer}: show in layer ${layer}`,
  /** The largest file or place of a cause or kind, followed by the layers that wrote it and the one that hid it: `layer 4 → 5`. */
  largest: (path: string, size: string) => `${path}: ${size}`,
  layersOfLargest: (writers: readonly number[], hider: number | null) => `${writersText(writers)}${hider === null ? '' : ` → ${hider}`}`,
  /** A layer and its command. */
  commandOf: <T>(layer: number, command: T): Phrase<T> => [`Layer ${layer} · `, command],
  /** The other files of a cause. */
  others: <T>(files: number, size: T): Phrase<T> => [`${counted(files, MORE_FILES)} · `, size],
  /** A kind of bytes that the image doesn't need, hidden or not, and their size. */
  kind: <T>(code: WasteCode, size: T): Phrase<T> => [`${WASTE_KINDS[code].title} · `, size],
  kindLabel: (code: WasteCode) => WASTE_KINDS[code].title,
  kindAdvice: wasteAdvice,
  /** Heading above the kinds, whose bytes can't be added to the causes' bytes. */
  kinds: 'Other savings (may overlap with the above)',
  sameAs: (path: string) => `same as ${path}`,
  manyPlaces: 'many smaller ones',
  /** What the image's size would be if its layers were built differently. */
  whatIf: 'What if',
  whatIfHint: 'Sizes if the layers were built differently. This command writes the smallest variant:',
  whatIfOnly: 'Sizes if the layers were built differently.',
  /** A command line, the same in every language. `image`: the image's number, if the archive has several. */
  command: (archive: string, image: number | null, change: string) =>
    `layerscope waste ${archive}${image === null ? '' : ` --image ${image}`} --if ${change} --to slim.tar`,
  copyCommand: 'Copy the command',
  copyCommandFor: (change: string) => `Copy the command for: ${change}`,
  whatIfColumns: { change: 'Change', layers: 'Layers', size: 'Files', saved: 'Saved', stored: 'Stored' },
  whatIfNow: 'As is',
  whatIfChange: (kind: 'squash' | 'merge-removals' | 'drop-caches' | 'zstd', from: number | null, top: number) =>
    ({
      squash: from === 0 ? 'Squash all layers into one' : `Squash layers ${from ?? 0}–${top} into one`,
      'drop-caches': 'Drop all caches',
      'merge-removals': 'Delete files in the layer that adds them',
      zstd: 'Compress all layers with zstd',
    })[kind],
  /** Shown in place of a stored size before the what-if has been packed. */
  notPacked: 'not measured yet',
  cannotPack: 'can’t be measured',
  pack: 'Measure stored sizes',
  packStop: 'Stop measuring',
  packing: 'Compressing the layers to measure them',
  /** Number of files that are too small to be listed, and their total size. */
  moreFiles: <T>(files: number, size: T): Phrase<T> => [`${counted(files, MORE_FILES)} too small to list, `, size],
};

export const findings = {
  title: 'Findings',
  close: 'Close findings',
  /** Read by screen readers before a group's title. */
  severities: { error: 'Error: ', warning: 'Warning: ', note: 'Note: ' },
  /** Title and advice by code. */
  codes: FINDING_HINTS,
  archive: 'archive',
  /** Shown in place of a layer for a finding about the image's config. */
  config: 'config',
};
