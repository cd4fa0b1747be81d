// What Windows shows for the program's taskbar button: recent files and tasks.
import path from 'node:path';
import type { JumpListCategory } from 'electron';
import { displayText } from '#model';
import { COMMAND_SWITCH, type StartCommand } from './paths.ts';

/** Tasks that can be started from outside the window. The actions in assets/linux/layerscope.desktop are the same. */
export const TASKS: Readonly<Record<StartCommand, string>> = { open: 'Open…', 'open-name': 'Open by name…' };

/** How to start the program again. `before`: arguments that come before its own, needed in development. */
interface Program {
  readonly executable: string;
  readonly before: readonly string[];
}

/** Quotes a word for the command line of a Windows program. Source: CommandLineToArgvW, learn.microsoft.com. */
function quoted(word: string): string {
  return `"${word.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;
}

/** Returns the jump list: tasks, and recent files except those that the user removed from it. */
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
  // Windows' own list of recent files contains only types that the program is registered for, and it isn't registered for any.
  return [...(recent.length === 0 ? [] : [{ type: 'custom', name: 'Recent', items: recent } as const]), { type: 'tasks', items: tasks }];
}
