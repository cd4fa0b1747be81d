/** Sizes and choices that outlast the window; kept in the browser's storage. */
export interface LayoutState {
  readonly theme: 'auto' | 'light' | 'dark';
  readonly libraryWidth: number;
  readonly chainWidth: number;
  readonly detailsWidth: number;
  readonly libraryOpen: boolean;
  readonly findingsOpen: boolean;
  readonly wasteOpen: boolean;
  /** The filter's text is searched for in all layers. */
  readonly searchesAll: boolean;
  /** The mode of the next image that is opened: that of the last one. */
  readonly mode: 'layer' | 'stacked';
  readonly view: 'tree' | 'treemap';
  /** Whether archives that are opened are imported to the store. */
  readonly onOpen: 'ask' | 'look' | 'import';
  /** The drawer that is open in a narrow window. */
  readonly drawer: 'none' | 'details' | 'library';
}

export const PANE_LIMITS = {
  libraryWidth: { min: 160, max: 360 },
  chainWidth: { min: 200, max: 480 },
  detailsWidth: { min: 280, max: 640 },
} as const;

const KEY = 'layerscope.layout';
const initial: LayoutState = {
  theme: 'auto',
  libraryWidth: 196,
  chainWidth: 262,
  detailsWidth: 348,
  libraryOpen: true,
  findingsOpen: false,
  wasteOpen: false,
  searchesAll: false,
  mode: 'layer',
  view: 'tree',
  onOpen: 'ask',
  drawer: 'none',
};

/** The layout that was kept, as far as it is valid. */
export function readLayout(): LayoutState {
  let kept: unknown = null;
  try {
    kept = JSON.parse(globalThis.localStorage?.getItem(KEY) ?? 'null');
  } catch {
    // No storage, or not JSON: the defaults will do.
  }
  return parseLayout(kept);
}

/** Any value as a layout; invalid parts get their defaults. */
export function parseLayout(kept: unknown): LayoutState {
  if (typeof kept !== 'object' || kept === null) return initial;
  const { theme, libraryOpen, mode, view, onOpen } = kept as Partial<Record<keyof LayoutState, unknown>>;
  const width = (name: keyof typeof PANE_LIMITS) => {
    const value = (kept as Record<string, unknown>)[name];
    const { min, max } = PANE_LIMITS[name];
    return typeof value === 'number' && value >= min && value <= max ? value : initial[name];
  };
  return {
    ...initial,
    theme: theme === 'light' || theme === 'dark' ? theme : 'auto',
    mode: mode === 'stacked' ? mode : 'layer',
    view: view === 'treemap' ? view : 'tree',
    onOpen: onOpen === 'look' || onOpen === 'import' ? onOpen : 'ask',
    libraryOpen: typeof libraryOpen === 'boolean' ? libraryOpen : true,
    libraryWidth: width('libraryWidth'),
    chainWidth: width('chainWidth'),
    detailsWidth: width('detailsWidth'),
  };
}

export function keepLayout(layout: LayoutState): void {
  const { theme, libraryWidth, chainWidth, detailsWidth, libraryOpen, mode, view, onOpen } = layout;
  try {
    globalThis.localStorage?.setItem(
      KEY,
      JSON.stringify({ theme, libraryWidth, chainWidth, detailsWidth, libraryOpen, mode, view, onOpen }),
    );
  } catch {
    // Storage is full or refused: the layout is lost with the window.
  }
}
