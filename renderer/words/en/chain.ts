import type { Phrase } from '../language.ts';
import { counted, someShare } from './grammar.ts';

export const chain = {
  title: 'Chain',
  /** The row for everything that the image contains. */
  whole: 'Whole image',
  visible: <T>(size: T): Phrase<T> => [size, ' visible'],
  hidden: <T>(size: T): Phrase<T> => [size, ' hidden'],
  nothingHidden: 'nothing hidden',
  wholeTitle: (visible: string, hidden: string) => `All files of all layers: ${visible} visible, ${hidden} hidden by later layers`,
  toDownload: <T>(size: T): Phrase<T> => [size, ' to download'],
  stored: <T>(size: T): Phrase<T> => [size, ' stored'],
  noLayers: 'This image has no layers.',
  noChanges: 'no changes',
  /** Shown in a layer's tooltip. The line at the layer's bottom edge shows the share. */
  sizeTitle: (size: string, share: number) => `${size}\n${someShare(share)} % of the image, drawn as the line below`,
  /** Shown after a layer's counts. */
  hides: <T>(size: T): Phrase<T> => ['hides ', size],
  status: { missing: 'missing', foreign: 'stored elsewhere', damaged: 'damaged' },
  metadataSteps: (count: number) => counted(count, { one: 'metadata step', other: 'metadata steps' }),
  /** Shown in a layer's tooltip: what the selected path's dot means. */
  dot: {
    added: (name: string) => `● ${name}: added here`,
    modified: (name: string) => `● ${name}: modified here`,
    removed: (name: string) => `● ${name}: removed here`,
  },
  /** Read by screen readers after a layer's text. */
  touched: { added: ', the path was added here', modified: ', the path was modified here', removed: ', the path was removed here' },
};
