/** Menus of actions: on an image's name, and on rows, layers and images. */
export const menus = {
  actionsOf: (name: string) => `Actions for ${name}`,
  image: (title: string, platform: string) => (platform === 'unknown' ? `Image: ${title}` : `Image: ${title}, ${platform}`),
  images: 'Images',
  show: 'Show',
  copy: 'Copy',
  save: 'Save',
  history: 'History',
  check: 'Check and import',

  preview: 'Preview',
  details: 'Details',
  compareBelow: 'Compare with the layer below',
  compareSides: 'Compare both sides',
  touched: {
    added: (layer: number) => `Layer ${layer}: added`,
    modified: (layer: number) => `Layer ${layer}: modified`,
    removed: (layer: number) => `Layer ${layer}: removed`,
  },
  saveEntry: 'Save…',

  showChanges: 'Show its changes',
  showFilesystem: 'Show the filesystem at this layer',
  saveStored: 'Save as stored…',
  savePlain: 'Save as uncompressed tar…',

  showImage: 'Show this image',
  showWhole: 'Show the details of the image',
  compareShown: 'Compare with the shown image',
  saveDocker: 'Save as Docker archive…',
  saveOci: 'Save as OCI archive…',

  copied: {
    path: 'Path copied',
    name: 'Name copied',
    size: 'Size copied',
    json: 'JSON copied',
    digest: 'Digest copied',
    command: 'Command copied',
  },
  copyWhat: {
    path: 'Copy path',
    imagePath: 'Copy path in the layer',
    name: 'Copy name',
    size: 'Copy size in bytes',
    json: 'Copy as JSON',
    digest: 'Copy digest',
    diffId: 'Copy diff ID',
    command: 'Copy command',
  },
};
