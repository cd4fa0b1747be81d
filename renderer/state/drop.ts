import { words } from '../words/index.ts';

/** What is known about a dragged item before it is dropped. */
export interface DraggedItem {
  readonly kind: string;
  /** Media type; empty for folders, most archives, and anything else without a known type. */
  readonly type: string;
}

export interface DropOffer {
  readonly accepts: boolean;
  readonly text: string;
  /** What a drop on the window's right half does, if that differs from a drop on the left half. */
  readonly compares?: string;
}

const WRONG = /^(image|audio|video|text|font)\/|^application\/(pdf|json|javascript|xml|msword|vnd\.)/;

/**
 * Returns what the window says while something is dragged over it; null if it isn't a file. `shown` is the image that a file dropped on the
 * right half is compared with. With `imports`, opened files are also imported to the store.
 */
export function offerFor(items: readonly DraggedItem[], shown: string | null = null, imports = false): DropOffer | null {
  const files = items.filter(({ kind }) => kind === 'file');
  if (files.length === 0) return null;
  const good = files.filter(({ type }) => !WRONG.test(type));
  if (good.length === 0) {
    return { accepts: false, text: words.frame.notArchives(files.length) };
  }
  const text = imports ? words.frame.importDropped(good.length) : words.frame.openDropped(good.length);
  const compares = good.length === 1 && shown !== null ? { compares: words.frame.compareDropped(shown) } : {};
  return { accepts: true, text, ...compares };
}
