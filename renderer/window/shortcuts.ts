import { keyOf } from '#contract';
import { getApp } from '../state/app-state.ts';
import { COMMANDS, lacksImage } from '../state/commands.ts';
import { isMac } from '../state/key-names.ts';

/** Makes keys run the window's commands. Fields, menus and dialogs keep their own keys. */
export function watchShortcuts(): void {
  window.addEventListener('keydown', (event) => {
    const { overlay } = getApp();
    if (event.defaultPrevented || (overlay !== 'none' && overlay !== 'preview')) return;
    const mod = isMac ? event.metaKey : event.ctrlKey;
    const target = event.target instanceof HTMLElement ? event.target : null;
    const inField = target !== null && target.closest('input, textarea, [role="menu"], [role="listbox"], [role="dialog"]') !== null;
    const isFunctionKey = /^F\d/.test(event.key);
    if (inField && !mod && !isFunctionKey) return;
    for (const command of COMMANDS) {
      if (overlay === 'preview' && !command.preview) continue;
      const { key, alt = false, shift, mod: withMod = false } = keyOf(command, isMac);
      if (key !== event.key || withMod !== mod || alt !== event.altKey) continue;
      if (shift !== undefined ? !event.shiftKey : isFunctionKey && event.shiftKey) continue;
      // Space presses a focused button.
      if (key === ' ' && target?.closest('button, a, [role="button"], [role="radio"], [role="tab"]') !== null) continue;
      if (lacksImage(command)) continue;
      event.preventDefault();
      command.run();
      return;
    }
  });
}
