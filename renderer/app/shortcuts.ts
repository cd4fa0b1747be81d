import { COMMANDS } from './commands.ts';

const MAC = /mac/i.test(navigator.platform);

/** Keys of the window: those of a field, a menu or a dialog stay theirs. */
export function watchShortcuts(): void {
  window.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.altKey) return;
    const mod = MAC ? event.metaKey : event.ctrlKey;
    const target = event.target instanceof HTMLElement ? event.target : null;
    const inField = target?.closest('input, textarea, [role="menu"], [role="listbox"], [role="dialog"]') !== null && target !== null;
    if (inField && !mod && event.key !== 'F6') return;
    for (const command of COMMANDS) {
      if (command.key !== event.key || (command.mod ?? false) !== mod) continue;
      if (command.shift !== undefined ? command.shift !== event.shiftKey : event.key === 'F6' && event.shiftKey) continue;
      event.preventDefault();
      command.run();
      return;
    }
  });
}
