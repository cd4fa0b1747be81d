import { setUnits } from '../words/numbers.ts';
import { appStore, getApp } from './app-state.ts';
import { keepLayout, type LayoutState, lineHeight } from './layout.ts';

const dark = window.matchMedia('(prefers-color-scheme: dark)');

function apply({ theme, units, previewText }: LayoutState): void {
  const page = document.documentElement;
  page.dataset.theme = theme === 'auto' ? (dark.matches ? 'dark' : 'light') : theme;
  page.style.setProperty('--preview-text', `${previewText}px`);
  page.style.setProperty('--preview-line', `${lineHeight(previewText)}px`);
  setUnits(units);
}

/** Applies theme, units and text size to the page and stores the layout, now and on every change. */
export function watchLayout(): void {
  apply(getApp().layout);
  dark.addEventListener('change', () => apply(getApp().layout));
  appStore.subscribe(({ layout }, before) => {
    if (layout === before.layout) return;
    apply(layout);
    keepLayout(layout);
  });
}
