import { COMMAND_FACTS, type CommandId } from '#contract';
import type { Phrase } from '../language.ts';
import { formatCount } from '../numbers.ts';
import { counted, FINDINGS, form, LAYERS, MINOR_SECRETS, NOTES, SECRETS } from './grammar.ts';

type Counts = Readonly<Record<'error' | 'warning' | 'note', number>>;

/** Title bar, status bar, sheets over the window, drops, and what is shown instead of the panes. */
export const frame = {
  title: (image: string) => `${image} – Layerscope`,
  couldNotStart: 'Layerscope could not start',
  reload: 'Reload',
  dismiss: 'Dismiss',
  widths: { libraryWidth: 'Library width', chainWidth: 'Chain width', compareWidth: 'Chain width', detailsWidth: 'Details width' },

  // Title bar
  back: 'Back',
  forward: 'Forward',
  olderLayer: 'Older layer',
  newerLayer: 'Newer layer',
  mode: 'View',
  modes: { image: 'Image', layer: 'Layer', stacked: 'Filesystem', compare: 'Compare' },
  layout: 'Layout',
  layouts: { tree: 'Tree', treemap: 'Treemap', breakdown: 'Breakdown', packages: 'Packages', registry: 'Registry' },
  themes: { auto: 'Theme: system', light: 'Theme: light', dark: 'Theme: dark' },
  imageSwitch: (title: string, platform: string) => `Image: ${title}, ${platform}`,
  /** A menu's name, and the current choice. */
  choice: (name: string, chosen: string) => `${name}: ${chosen}`,
  showDetails: 'Show details',
  hideDetails: 'Hide details',
  hideLibrary: 'Hide library',
  showLibrary: 'Show library',
  clearText: 'Clear text',
  filterLabel: 'Filter by path',
  filterPlaceholder: 'Filter files',
  /** Labels of the filter in views that aren't about paths. */
  filterOthers: { packages: 'Filter packages', registry: 'Filter registry' },
  filterTitle: 'Part of a path, *.so or /regex/',
  filterOff: 'The breakdown always covers all files',

  // Status bar
  lost: 'Connection lost, reconnecting…',
  inStores: <T>(size: T, stores: number): Phrase<T> => (stores === 1 ? ['Store: ', size] : [`${formatCount(stores)} stores: `, size]),
  administrator: 'Administrator',
  jobsRunning: (count: number) => `${counted(count, { one: 'task', other: 'tasks' })} running`,
  noFindings: 'No findings',
  /** Counts secrets separately, so that a scan doesn't change the number of other findings. */
  findingsButton: ({ secret, minorSecret, error, warning, note }: Counts & { readonly secret: number; readonly minorSecret: number }) =>
    [
      `Findings: ${formatCount(error + warning + note)}`,
      ...(secret === 0 ? [] : [`Secrets: ${formatCount(secret)}`]),
      ...(secret === 0 && minorSecret > 0 ? [`Minor secrets: ${formatCount(minorSecret)}`] : []),
    ].join(' · '),
  findingsCount: (count: number) => counted(count, FINDINGS),
  /** Findings by severity. */
  findings: ({ secret = 0, minorSecret = 0, error, warning, note }: Counts & { readonly secret?: number; readonly minorSecret?: number }) =>
    [
      ...(secret === 0 ? [] : [counted(secret, SECRETS)]),
      ...(minorSecret === 0 ? [] : [counted(minorSecret, MINOR_SECRETS)]),
      ...(error === 0 ? [] : [counted(error, { one: 'error', other: 'errors' })]),
      ...(warning === 0 ? [] : [counted(warning, { one: 'warning', other: 'warnings' })]),
      ...(note === 0 ? [] : [counted(note, NOTES)]),
    ].join(' · '),

  // Without an image
  dropHere: 'Drop an image archive',
  opens: (withFolders: boolean) =>
    withFolders
      ? 'Docker and OCI archives, OCI layout folders, catalogs and single layers; plain, gzip, zstd, xz or bzip2.'
      : 'Docker and OCI archives and single layers; plain, gzip, zstd, xz or bzip2.',
  exploreSample: 'Explore the sample image',
  toMakeArchive: 'To make an archive, run',
  archiveCommand: 'docker save -o image.tar NAME',
  copyCommand: 'Copy command',
  drawing: 'Three stacked layers',
  recent: 'Recent',

  // Before the layers are read
  readingLayers: 'Reading layers…',
  readingProgress: 'Reading layers',
  readLayers: 'Read layers',
  couldNotRead: 'Could not read the layers',
  notRead: 'Layers not read yet',

  // Drops
  notArchives: (count: number) => (count === 1 ? 'This is not a tar archive' : 'These are not tar archives'),
  openDropped: (count: number) => (count === 1 ? 'Open this archive' : `Open ${formatCount(count)} archives`),
  importDropped: (count: number) => (count === 1 ? 'Open and import this archive' : `Open and import ${formatCount(count)} archives`),
  compareDropped: (shown: string) => `Compare ${shown} with this`,
  folderInBrowser: 'Browsers can’t open dropped folders: run layerscope serve FOLDER, or drop a tar of the folder',

  // Palette
  palette: 'Commands',
  paletteField: 'Command, image, layer or file',
  noCommand: 'No matching command',
  showImage: (title: string) => `Show ${title}`,
  openFile: (name: string) => `Open ${name}`,
  copyDiagnostics: 'Copy diagnostics',
  diagnosticsCopied: 'Diagnostics copied',
  diagnostics: (width: number, height: number, settings: string) => [`Window ${width}x${height}`, `Settings ${settings}`],
  clearRecent: 'Clear recent files',
  recentCleared: 'Recent files cleared',
  goToPath: 'Go to path',
  path: 'Path',
  pathPlaceholder: 'Path in any layer: libssl, *.so, /regex/',
  noPath: 'No such path in any layer',
  typePath: 'Type part of a path',
  searching: 'Searching…',
  inLayers: (layers: readonly number[]) =>
    layers.length > 4 ? counted(layers.length, LAYERS) : `${form(layers.length, LAYERS)} ${layers.join(', ')}`,

  // Shortcuts
  shortcuts: 'Keyboard shortcuts',
  closeShortcuts: 'Close shortcuts',
  allShortcuts: 'All shortcuts',
  groups: { Window: 'Window', Layers: 'Layers', Rows: 'Rows', Panels: 'Panels' },
  rowKeys: {
    move: 'Previous row, next row',
    ends: 'First row, last row',
    fold: 'Collapse, expand folder',
    siblings: 'Expand all at this level',
    open: 'Open',
    menu: 'Menu of the row',
    pick: 'Pick a catalog’s image to compare',
  },
  /** The English titles are shared with the desktop menu, so they are in #contract. */
  commands: Object.fromEntries(COMMAND_FACTS.map(({ id, title }) => [id, title])) as Record<CommandId, string>,
};
