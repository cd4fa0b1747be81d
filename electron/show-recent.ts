// Shows recent files and tasks outside the window: on Windows in the program's jump list, on macOS in the dock's menu.
import { app, Menu } from 'electron';
import { jumpList, TASKS } from './jump-list.ts';
import type { StartCommand } from './paths.ts';

/** Shows the recent files, latest first. `run` performs a task in this process. */
export function showRecent(files: readonly string[], run: (task: StartCommand) => void): void {
  if (process.platform === 'win32') {
    const removed = new Set(app.getJumpListSettings().removedItems.flatMap(({ args }) => args ?? []));
    const program = { executable: process.execPath, before: app.isPackaged ? [] : [app.getAppPath()] };
    // The user may have turned off lists of recent files. setJumpList then returns an error code; it doesn't throw.
    app.setJumpList(jumpList(files, program, removed));
  }
  if (process.platform !== 'darwin') return;
  app.clearRecentDocuments();
  for (const file of [...files].reverse()) app.addRecentDocument(file);
  const items = Object.entries(TASKS).map(([id, label]) => ({ label, click: () => run(id as StartCommand) }));
  app.dock?.setMenu(Menu.buildFromTemplate(items));
}
