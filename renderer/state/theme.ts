import { setUnits } from '../words/numbers.ts';
import { appStore, getApp } from './app-state.ts';
import { keepLayout, type LayoutState, lineHeight } from './layout.ts';
import { showTheme, watchSystemTheme } from './page-theme.ts';

function apply({ theme, units, previewText }: LayoutState): void {
  showTheme(theme);
  const { style } = document.documentElement;
  style.setProperty('--preview-text', `${previewText}px`);
  style.setProperty('--preview-line', `${lineHeight(previewText)}px`);
  setUnits(units);
}

/** Applies theme, units and text size to the page and stores the layout, now and on every change. */
export function watchLayout(): void {
  apply(getApp().layout);
  watchSystemTheme(() => apply(getApp().layout));
  appStore.subscribe(({ layout }, before) => {
    if (layout === before.layout) return;
    apply(layout);
    keepLayout(layout);
  });
}
