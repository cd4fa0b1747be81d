// What Windows shows for the program's button on the taskbar: recent files and tasks.
import path from 'node:path';
import type { JumpListCategory } from 'electron';
import { displayText } from '#model';
import { COMMAND_SWITCH, type StartCommand } from './paths.ts';

/** What can be started from outside the window. The same are actions in assets/linux/layerscope.desktop. */
export const TASKS: Readonly<Record<StartCommand, string>> = { open: 'Open…', 'open-name': 'Open by name…' };

/** How a program is started again; `before` are arguments before its own, needed in development. */
interface Program {
  readonly executable: string;
  readonly before: readonly string[];
}

/** Quotes a word for the command line of a Windows program. Source: CommandLineToArgvW, learn.microsoft.com. */
function quoted(word: string): string {
  return `"${word.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;
}

/** Returns the jump list: recent files, without those that the user removed from it, and tasks. */
export function jumpList(
  files: readonly string[],
  { executable, before }: Program,
  removed: ReadonlySet<string> = new Set(),
): JumpListCategory[] {
  const item = (title: string, description: string, args: string) =>
    ({ type: 'task', title, description, program: executable, args, iconPath: executable, iconIndex: 0 }) as const;
  const start = (word: string): string => [...before, word].map(quoted).join(' ');
  const recent = files
    .map((file) => item(displayText(path.basename(file)).slice(0, 255), displayText(path.dirname(file)).slice(0, 255), start(file)))
    .filter(({ args }) => !removed.has(args));
  const tasks = Object.entries(TASKS).map(([id, title]) => item(title, title, start(`${COMMAND_SWITCH}${id}`)));
  // Windows' own list of recent files only has those of types that the program claims; it claims none.
  return [...(recent.length === 0 ? [] : [{ type: 'custom', name: 'Recent', items: recent } as const]), { type: 'tasks', items: tasks }];
}
