// The page's first script. It lets a frame with the title bar be drawn before loading the rest of the window, which takes much longer.
import './styles/main.css';
import { readLayout } from './state/layout.ts';
import { showTheme } from './state/page-theme.ts';

/** Maximum time to wait for a frame, in ms. A hidden page doesn't draw any. */
const LATEST = 250;

showTheme(readLayout().theme);
// Ignore dropped files until the window accepts them. A browser would open such a file in place of the page.
const started = new AbortController();
for (const type of ['dragover', 'drop']) addEventListener(type, (event) => event.preventDefault(), { signal: started.signal });
await new Promise((resolve) => {
  requestAnimationFrame(() => setTimeout(resolve));
  setTimeout(resolve, LATEST);
});
const { start } = await import('./main.tsx');
start();
started.abort();
