import { COMMANDS } from './commands.ts';
import { isMac } from './key-names.ts';
import { getApp } from './store.ts';

/** Keys of the window: those of a field, a menu or a dialog stay theirs. */
export function watchShortcuts(): void {
  window.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || getApp().overlay !== 'none') return;
    const mod = isMac ? event.metaKey : event.ctrlKey;
    const target = event.target instanceof HTMLElement ? event.target : null;
    const inField = target !== null && target.closest('input, textarea, [role="menu"], [role="listbox"], [role="dialog"]') !== null;
    if (inField && !mod && event.key !== 'F6') return;
    for (const command of COMMANDS) {
      if (command.key !== event.key || (command.mod ?? false) !== mod || (command.alt ?? false) !== event.altKey) continue;
      if (command.shift !== undefined ? command.shift !== event.shiftKey : event.key === 'F6' && event.shiftKey) continue;
      if (command.image && getApp().selection.archiveId === null) continue;
      event.preventDefault();
      command.run();
      return;
    }
  });
}
