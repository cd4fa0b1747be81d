/** What is known of a dragged item before it is dropped. */
export interface DraggedItem {
  readonly kind: string;
  /** Media type; empty for folders, most archives, and whatever else the system has no type for. */
  readonly type: string;
}

export interface DropOffer {
  readonly accepts: boolean;
  readonly text: string;
  /** What a drop on the window's right half does, where that differs. */
  readonly compares?: string;
}

const WRONG = /^(image|audio|video|text|font)\/|^application\/(pdf|json|javascript|xml|msword|vnd\.)/;

/**
 * What the window says while something is dragged over it; null for anything but files. `shown`: the image that a file dropped on the right
 * half is compared with. `imports`: what is opened is imported to the store, too.
 */
export function offerFor(items: readonly DraggedItem[], shown: string | null = null, imports = false): DropOffer | null {
  const files = items.filter(({ kind }) => kind === 'file');
  if (files.length === 0) return null;
  const good = files.filter(({ type }) => !WRONG.test(type));
  if (good.length === 0) {
    return { accepts: false, text: files.length === 1 ? 'This is not a tar archive' : 'These are not tar archives' };
  }
  const verb = imports ? 'Open and import' : 'Open';
  if (good.length === 1) {
    return { accepts: true, text: `${verb} this archive`, ...(shown === null ? {} : { compares: `Compare ${shown} with it` }) };
  }
  return { accepts: true, text: `${verb} ${good.length} archives` };
}
