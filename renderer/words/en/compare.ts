import type { Phrase } from '../language.ts';
import { formatCount } from '../numbers.ts';
import { counted, FILES, LAYERS } from './grammar.ts';

const alone = (from: number, to: number) => (from === to ? `layer ${to} alone` : `layers ${from}–${to} alone`);
const aloneTitle = (from: number, to: number) => (from === to ? `Layer ${to} alone` : `Layers ${from}–${to} alone`);

export const compare = {
  with: 'Compare with…',
  withImage: 'Images',
  withLayer: 'Layers of this image',
  imageDetail: (archive: string, platform: string) => (platform === '' ? archive : `${archive} · ${platform}`),
  openDetail: 'compare with a file that isn’t open yet',
  nothingToChoose: 'No matching image or layer',
  swap: 'Swap sides',
  closed: 'closed',
  sideClosed: (side: string) => `${side}: closed`,
  atLayer: (image: string, layer: number) => `${image} at layer ${layer}`,
  alone,
  aloneTitle,
  aloneOf: (from: number, to: number, image: string) => `${alone(from, to)} of ${image}`,
  wholeImage: 'whole image',
  /** Short for `wholeImage`, where space is scarce. */
  whole: 'whole',
  wholeImageAt: (layer: number) => `Layer ${layer}, the whole image`,
  withoutLower: 'without lower layers',
  /** Marks an image in the library. */
  shownAs: { A: 'side A of the comparison', B: 'side B of the comparison', AB: 'both sides of the comparison' },
  sideImage: (side: string, title: string) => `Side ${side}: ${title}`,
  sideLayer: (side: string, layer: string) => `Layer of side ${side}: ${layer}`,

  /** Shown after a value that both sides have. */
  both: '(both)',
  identical: 'Identical',
  filesIdentical: 'Files identical',
  sums: <T>(a: T, b: T): Phrase<T> => ['A ', a, ' → B ', b],
  /** Tooltip of a folder's size. */
  ofDiffering: (bytes: string) => `${bytes} in files of side B that differ; the breakdown counts all files`,
  differing: (a: string, b: string) => `Files that differ: ${a} in A, ${b} in B`,
  /** Shown after the counts of paths that differ in other ways. */
  timeOnly: (count: number) => `(+${formatCount(count)} time only)`,
  more: (size: string) => `(${size})`,
  filesOfSameSize: (count: number) => `${counted(count, FILES)} changed without changing size`,
  growth: { visible: 'visible', stored: 'stored', hidden: 'hidden' },
  growthTitle: {
    visible: (a: string, b: string) => `Files that a container sees: ${a} in A, ${b} in B`,
    stored: (a: string, b: string) => `Layers as stored: ${a} in A, ${b} in B`,
    hidden: (a: string, b: string) => `Files hidden by higher layers: ${a} in A, ${b} in B`,
  },
  /** Two sizes; the unit is given only once if both have the same. */
  fromTo: (a: string, b: string) => {
    const unit = /\s\S+$/.exec(b)?.[0] ?? '';
    return `${unit !== '' && a.endsWith(unit) ? a.slice(0, -unit.length) : a} → ${b}`;
  },
  bytesOfWhole: 'Bytes of the files that a container from each side sees',
  classes: 'How modified paths differ',
  classNames: { content: 'content', metadata: 'metadata', time: 'time only' },
  hideClass: {
    content: 'Hide paths with different content',
    metadata: 'Hide paths whose mode, owner or attributes differ',
    time: 'Hide paths that differ in time only',
  },
  showClass: {
    content: 'Show paths with different content',
    metadata: 'Show paths whose mode, owner or attributes differ',
    time: 'Show paths that differ in time only',
  },
  /** A class of differences, with the number of paths that differ in this way. */
  classTitle: (title: string, count: number) => `${title} (${formatCount(count)})`,
  nothingInClasses: 'All differences are of hidden kinds, such as times',
  showAllDifferences: 'Show all differences',
  net: (size: string) => `net ${size}`,
  fieldsDiffer: (count: number) => `Config: ${counted(count, { one: 'field differs', other: 'fields differ' })}`,
  copyReport: 'Copy report',
  reportCopied: 'Report copied',
  save: 'Save comparison (JSON)',
  bytesOfSides: (a: number, b: number) => `A ${formatCount(a)} bytes, B ${formatCount(b)} bytes`,

  // The chains
  chooseA: 'Alt-click to choose side A',
  facts: 'Both sides',
  layersOfSide: (side: string) => `Layers of side ${side} only, newest first`,
  noSharedLayers: 'No shared layers',
  sharedBase: (layers: number) => `Shared base (${counted(layers, LAYERS)})`,
  /** A run of identical layers, shown as one line. */
  equalLayers: (layers: number) => counted(layers, { one: 'identical layer', other: 'identical layers' }),
  lowerLayers: (layers: number) => counted(layers, { one: 'lower layer', other: 'lower layers' }),
  newerLayers: (layers: number) => counted(layers, { one: 'newer layer', other: 'newer layers' }),
  sharedLayers: 'Shared layers, newest first',
  /** Read by screen readers before a side's letter. */
  beforeLetter: 'side ',
  /** Describes waste and findings, which are about only one image. */
  ofB: 'Waste and findings of side B',
  /** Heading for facts about only one side. */
  sideOnly: (side: string) => `Side ${side}`,

  // Configs
  configDifferences: 'Config differences',
  field: 'Field',
  /** Titles for a port, a volume or a label, by the config field that contains it. */
  namedField: {
    ExposedPorts: (name: string) => `Port ${name}`,
    Volumes: (name: string) => `Volume ${name}`,
    Labels: (name: string) => `Label ${name}`,
  },
  onlyIn: (side: string) => `${side} only`,
  moreFields: (count: number) => `and ${formatCount(count)} more; “Save comparison (JSON)” includes them`,
  notSet: 'not set',
  emptyValue: '(empty)',

  // The report that is copied
  report: {
    identical: 'identical',
    was: (size: string) => `was ${size}`,
    below: (entries: number, size: string) => `and ${entries} below, ${size}`,
    config: 'config',
    inConfig: (count: number) => `${count} in the config`,
  },
};
