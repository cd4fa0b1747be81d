import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { watchLayout } from './state/theme.ts';
import { App } from './window/app.tsx';
import { connect } from './window/connect.ts';
import { frameFocusAfterKey, keepFocus } from './window/keep-focus.ts';
import { watchShortcuts } from './window/shortcuts.ts';
import { setLocale } from './words/numbers.ts';

/** Draws the window and connects it to the host. */
export function start(): void {
  setLocale(navigator.language);
  watchLayout();
  watchShortcuts();
  void connect();
  const root = document.getElementById('root');
  if (root === null) throw new Error('the page has no #root');
  keepFocus(root);
  frameFocusAfterKey();
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
