import { getApp, setApp, useApp } from './app-state.ts';
import { keepLayout, type LayoutState } from './layout.ts';

const dark = window.matchMedia('(prefers-color-scheme: dark)');

function apply(theme: LayoutState['theme']): void {
  document.documentElement.dataset.theme = theme === 'auto' ? (dark.matches ? 'dark' : 'light') : theme;
}

/** Puts the theme on the page, now and whenever the choice or the system's wish changes, and keeps the layout. */
export function watchLayout(): void {
  apply(getApp().layout.theme);
  dark.addEventListener('change', () => apply(getApp().layout.theme));
  useApp.subscribe(({ layout }, before) => {
    if (layout === before.layout) return;
    apply(layout.theme);
    keepLayout(layout);
  });
}

export function setLayout(part: Partial<LayoutState>): void {
  setApp((state) => ({ layout: { ...state.layout, ...part } }));
}
