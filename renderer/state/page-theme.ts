import type { LayoutState } from './layout.ts';

const dark = window.matchMedia('(prefers-color-scheme: dark)');

/** Applies a theme's colours to the page; for `auto`, the colours of the system's theme. */
export function showTheme(theme: LayoutState['theme']): void {
  document.documentElement.dataset.theme = theme === 'auto' ? (dark.matches ? 'dark' : 'light') : theme;
}

/** Calls `change` whenever the system's theme changes. */
export function watchSystemTheme(change: () => void): void {
  dark.addEventListener('change', change);
}
