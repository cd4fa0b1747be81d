import { appStore, getApp } from './app-state.ts';
import { keepLayout, type LayoutState } from './layout.ts';

const dark = window.matchMedia('(prefers-color-scheme: dark)');

function apply(theme: LayoutState['theme']): void {
  document.documentElement.dataset.theme = theme === 'auto' ? (dark.matches ? 'dark' : 'light') : theme;
}

/** From now on puts the theme on the page and keeps the layout whenever they change. */
export function watchLayout(): void {
  apply(getApp().layout.theme);
  dark.addEventListener('change', () => apply(getApp().layout.theme));
  appStore.subscribe(({ layout }, before) => {
    if (layout === before.layout) return;
    apply(layout.theme);
    keepLayout(layout);
  });
}
