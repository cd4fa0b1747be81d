import type { Phrase } from '../language.ts';
import { formatCount } from '../numbers.ts';
import { CHANGES, counted, ENTRIES, IMAGES, LAYERS, LEFTOVERS } from './grammar.ts';

const OF_COPY = ' + working copy';

/** Stores and base images. */
export const store = {
  own: 'Store',
  /** Says which size of an image, a layer or a store is shown. */
  kept: (bytes: string) => `Layers as kept in the store: ${bytes}`,
  add: 'Add store…',
  actions: (title: string) => `Actions for ${title}`,
  elevated: (driver: string) => `${driver}, elevated`,
  readOnly: (reason: string) => `Read-only: ${reason}`,
  emptyOwn: 'Empty. Images that you import are kept here.',
  empty: 'Empty.',
  inHome: (home: string) => `in ${home}`,

  verify: 'Verify store',
  showProblems: 'Show problems',
  cleanUp: 'Clean up…',
  leftovers: (count: number) => counted(count, LEFTOVERS),
  removeFromList: 'Remove from list',
  filesKept: 'files are kept',
  runElevated: 'Run as administrator…',
  open: 'Open',
  closeItem: 'Close',
  show: 'Show',
  mount: 'Mount as folder',
  openFolder: 'Open folder',
  copyFolderPath: 'Copy folder path',
  unmount: 'Unmount',
  createCopy: 'Create working copy',
  commit: 'Commit as layer…',
  viewChanges: 'View changes',
  discard: 'Discard…',
  copyTitle: (image: string) => `${image}${OF_COPY}`,
  /** The end of a working copy’s title, after the name of its image. */
  ofCopy: OF_COPY,
  /** A working copy's number of changes, shown after a coloured dot if there are any. */
  copyChanges: (count: number) => (count === 0 ? 'no changes' : counted(count, CHANGES)),
  listChanges: 'List changes',
  remove: 'Remove…',

  states: { ready: '', mounted: 'mounted', broken: 'broken', leftover: 'leftover' },
  workingCopy: 'working copy',
  workingCopyOf: (image: string) => `working copy of ${image}`,
  baseLayer: 'base layer',
  onLayers: (count: number) => `on ${counted(count, LAYERS)}`,

  // A working copy on screen
  copyHead: 'Working copy',
  nothingWritten: 'Nothing changed yet',
  commitShort: 'Commit…',
  writeInto: (folder: string) => `Write to ${folder}`,
  writeUnmounted: 'Mount it as a folder, then write to the folder.',
  notMounted: 'not mounted',

  // Messages
  imported: (title: string) => `${title} is in the store`,
  removed: (title: string) => `${title} was removed from the store`,
  noProblems: 'No problems found',
  nothingToCleanUp: 'Nothing to clean up',
  cleanedUp: (count: number) => `Removed ${counted(count, LEFTOVERS)}`,
  mounted: (title: string) => `${title} is mounted`,
  mountedWithout: (title: string, missing: number) => `${title} is mounted (${counted(missing, ENTRIES)} could not be written)`,
  layerCreated: 'Layer created',
  adopted: (name: string) => `${name} adopted`,
  nowElevated: 'The driver now runs as administrator',
  declined: 'Elevation declined; nothing changed',

  // Import
  /** Shown next to the button that imports what was opened. */
  notStored: (archives: number) => (archives === 1 ? 'Not stored' : `${formatCount(archives)} not stored`),
  offerLabel: 'Import to store',
  import: 'Import',
  justView: 'Just view',
  always: 'The default answer is in Settings',
  isImported: 'In store',
  isIn: (store: string) => `In store ${store}`,
  importTo: 'Import to store',
  importToWhich: 'Import to store…',

  // Sheets
  removeLabel: 'Remove from the store',
  removeTitle: (title: string) => `Remove ${title} from the store?`,
  removeWhat: {
    image: <T>(layers: number, freed: T): Phrase<T> => [
      layers === 0
        ? 'Deletes the image. Its layers stay: other images use them. Frees '
        : `Deletes the image and ${counted(layers, { one: 'layer', other: 'layers' })} that no other image uses. Frees `,
      freed,
      '. The archive file is not touched.',
    ],
    name: () => ['Deletes this name only: the image has other names.'],
    layer: <T>(_layers: number, freed: T): Phrase<T> => ['Deletes the layer. Frees ', freed, '.'],
    copy: <T>(changes: number | null, freed: T): Phrase<T> => [
      changes === null ? 'Deletes the working copy with all its changes (' : `Deletes ${counted(changes, CHANGES)} (`,
      freed,
      '). This can’t be undone.',
    ],
    unchangedCopy: () => ['Deletes the working copy. It has no changes.'],
  },
  removeMounted: (count: number) =>
    count === 1 ? 'It is mounted, and will be unmounted.' : `${counted(count, { one: 'mount', other: 'mounts' })} will be unmounted.`,
  removeCopies: (count: number, changes: number | null) =>
    `Also deletes ${counted(count, { one: 'working copy', other: 'working copies' })}${
      changes === 0 ? ', without changes' : ` with ${changes === null ? 'all changes' : counted(changes, CHANGES)}`
    }.`,
  removeOthers: (count: number, ids: string) =>
    `In use by ${counted(count, { one: 'layer', other: 'layers' })} (${ids}). Remove ${count === 1 ? 'it' : 'them'} first.`,
  removeYes: 'Remove',
  unmountAndRemove: 'Unmount and remove',
  discardLabel: 'Discard working copy',
  discardTitle: (title: string) => `Discard ${title}?`,
  discardYes: 'Discard',
  commitLabel: 'Commit as layer',
  commitTitle: (title: string) => `Commit ${title}`,
  commitWhat: 'Adds the changes as one layer. The new image keeps the config and history of the image below; the working copy stays.',
  commitName: 'Image name',
  commitNameHint: 'Without a name, only a layer is created.',
  commitComment: 'Comment',
  commitYes: 'Commit',
  imageCreated: (name: string) => `${name} created`,
  parentTitle: (title: string) => `Choose a parent for ${title}`,
  parentWhy: 'A layer tar doesn’t record which layer it belongs on.',
  parentField: 'Parent layer',
  parentPlaceholder: 'Image or layer',
  noParent: 'None: this is a base layer',
  noSuchParent: 'No matching layer in the store',
  changesOf: (title: string) => `Changes in ${title}`,
  changes: 'Changes',
  noChanges: 'No changes.',
  moreChanges: 'More changes exist; the command line lists all of them.',
  elevateLabel: 'Run as administrator',
  elevateTitle: (title: string) => `Run ${title} as administrator?`,
  elevateWhat: (driver: string, home: string) =>
    `Starts a second process, without a window, that runs the driver ${driver} as administrator for ${home} only. This window is not elevated. Windows asks for your consent. The process ends with this window, or after ten idle minutes.`,
  checking: 'Checking requirements…',
  requirements: 'Requirements',
  /** Read by screen readers before a requirement. */
  requirement: (isMet: boolean) => (isMet ? 'met: ' : 'missing: '),
  proceed: 'Continue',
  cleanUpLabel: 'Clean up',
  cleanUpTitle: (count: number) => `Remove ${counted(count, LEFTOVERS)}?`,
  cleanUpWhy: 'No image or layer uses these files. A removal or an interrupted program left them behind.',
  leftoversLabel: 'Leftovers',
  problemsLabel: 'Problems in the store',
  problemsTitle: (count: number, title: string) => `${counted(count, { one: 'problem', other: 'problems' })} in ${title}`,
  problems: 'Problems',
  problemsAdvice: 'Damaged items can’t be repaired. Remove them, then import them again from their archives.',

  // Base images
  bases: 'Base images',
  noBases: 'No shared base images on this system.',
  sharedBases: 'Shared bases',
  sharedBase: (layers: number, images: number) => `${counted(layers, LAYERS)} in ${counted(images, IMAGES)}`,
  created: (day: string) => `created ${day}`,
  isAdopted: 'Adopted as a layer of the store',
  adopt: 'Adopt',
};
