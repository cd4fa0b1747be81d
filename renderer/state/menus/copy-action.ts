import { displayText } from '#model';
import type { MenuAction } from '../../components/action-menu.tsx';
import { words } from '../../words/index.ts';
import { copyText } from '../clipboard.ts';
import { toast } from '../messages.ts';

type Copied = keyof typeof words.menus.copyWhat;

/**
 * What may have several lines. In anything else, line breaks are escaped, because a line break pasted into a terminal runs what precedes
 * it.
 */
const WITH_LINES: ReadonlySet<Copied> = new Set(['command', 'json', 'names']);

/** Returns an action that copies `text`; no action if there is nothing to copy. */
export function copyAction(what: Copied, text: string | null): readonly MenuAction[] {
  if (text === null || text === '') return [];
  const copied = words.menus.copied[what === 'diffId' ? 'digest' : what === 'imagePath' ? 'path' : what];
  const run = async () => {
    if (await copyText(WITH_LINES.has(what) ? text : displayText(text))) toast(copied);
  };
  return [{ id: what, label: words.menus.copyWhat[what], run: () => void run() }];
}
