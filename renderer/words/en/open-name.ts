import { counted, IMAGES } from './grammar.ts';

/** The dialog that opens images from engines and registries. */
export const openName = {
  title: 'Open by name',
  field: 'Image name',
  placeholder: 'app:1, ghcr.io/owner/app:1, docker:ID',
  button: 'Open by name…',
  typed: 'As typed',
  open: (reference: string) => `Open ${reference}`,
  recent: 'Recent names',
  clearRecent: 'Clear recent names',
  recentCleared: 'Recent names cleared',
  engines: { docker: 'Docker', podman: 'Podman', containerd: 'containerd' },
  enginesLabel: 'Engines on this machine',

  // Where a typed name will be looked for
  from: (place: string) => `from ${place}`,
  fromEngines: 'from engines on this machine',
  fromEnginesThen: (host: string) => `from engines on this machine, then ${host}`,

  // What is wrong with the typed text
  inStore: 'Images in a store are listed in the library.',
  looksLikeFile: 'This looks like a file. Use Open… for files.',
  noName: 'Not a valid image name.',

  // States of engines
  asking: 'checking…',
  holds: (count: number, places: string) => `${count === 0 ? 'no images' : counted(count, IMAGES)} in ${places}`,
  problem: (place: string, message: string) => (place === '' ? message : `${place}: ${message}`),
  noMatch: 'No matching image in these engines.',
  typeName: 'Type a name with its registry, such as ghcr.io/owner/app:1.',
  noEngine: 'No engine answered. Type a name with its registry, such as ghcr.io/owner/app:1.',
  readingLists: 'Listing the engines’ images…',

  // After a choice
  looking: (reference: string) => `Looking for ${reference}`,
  opening: (reference: string) => `Opening ${reference}`,
  progress: 'Progress',
  background: 'Continue in background',
  failed: 'Could not open the image',
  platformOf: (reference: string) => `Platform of ${reference}`,
  platform: 'Platform',
  platformPlaceholder: 'Platform, such as linux/arm64',
  noPlatform: 'No such platform',
  firstChoice: 'default',
  hasPlatforms: (count: number, source: string) => `${source} has it for ${counted(count, { one: 'platform', other: 'platforms' })}.`,
  answered: (title: string, kind: string, host: string) => `${title} comes from ${kind === 'registry' ? host : `${kind} (${host})`}`,

  // If the host doesn't open images by name
  off: 'Opening images by name is off',
  howOn: 'To open images from engines and registries on this page, start the program with',
  command: 'layerscope serve --allow-sources',
  copyCommand: 'Copy command',
};
