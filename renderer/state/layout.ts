/** Sizes and choices that outlive the window, stored in the browser. */
export interface LayoutState {
  readonly theme: 'auto' | 'light' | 'dark';
  readonly libraryWidth: number;
  readonly chainWidth: number;
  /** Width of the details; null for as wide as the window allows, see {@link detailsRoom}. */
  readonly detailsWidth: number | null;
  /** Width of the registry's tree of keys; null: a share of the pane. */
  readonly keysWidth: number | null;
  /** Height of the tree of keys where the values are below it. */
  readonly keysHeight: number | null;
  readonly libraryOpen: boolean;
  readonly findingsOpen: boolean;
  readonly wasteOpen: boolean;
  /** Whether the panel of wasted bytes takes the place of the changes. */
  readonly wasteTall: boolean;
  /** Whether a comparison shows how the configs differ. */
  readonly configOpen: boolean;
  /** Width of a comparison's chain pane, which has two chains side by side. Null: as wide as the window allows, see {@link compareRoom}. */
  readonly compareWidth: number | null;
  /** Whether the filter's text is searched for in all layers. */
  readonly searchesAll: boolean;
  readonly view: 'tree' | 'treemap';
  /** What happens when an archive is opened: ask whether to import it to the store, only view it, or import it. */
  readonly onOpen: 'ask' | 'look' | 'import';
  /** Whether sizes use powers of 1,000 or of 1,024. */
  readonly units: 'decimal' | 'binary';
  /** Size of the text in previews, px. */
  readonly previewText: (typeof PREVIEW_TEXT)[number];
  /** Whether long lines wrap in previews. */
  readonly wraps: boolean;
  /** How a modified file is shown at first. */
  readonly modifiedAs: 'diff' | 'content';
  readonly diffLayout: 'unified' | 'split';
  readonly pictureDiff: 'two-up' | 'swipe' | 'onion';
  /** The drawer that is open in a narrow window. */
  readonly drawer: 'none' | 'details' | 'library';
}

export const PREVIEW_TEXT = [11, 12, 14, 16] as const;

/** Returns a preview's line height for a text size, both in px. */
export function lineHeight(previewText: number): number {
  return Math.round(previewText * 1.5);
}

export const PANE_LIMITS = {
  libraryWidth: { min: 160, max: 360 },
  chainWidth: { min: 200, max: 480 },
  compareWidth: { min: 224, max: 720 },
  detailsWidth: { min: 280, max: 640 },
  keysWidth: { min: 180, max: 1_200 },
  keysHeight: { min: 80, max: 1_200 },
} as const;

/**
 * Returns the default width of the details in a window that is `room` px wide: 300 px in windows of up to 1,320 px, rising to 480 px in
 * windows of 2,560 px or more. Next to a comparison it is 280 px in windows of up to 1,340 px, because the comparison's rows need more
 * space.
 */
export function detailsRoom(room: number, compares: boolean): number {
  const width = Math.round(Math.min(480, Math.max(300, 300 + ((room - 1_320) * 180) / 1_240)));
  return compares ? Math.min(width, Math.max(280, room - 1_060)) : width;
}

/**
 * Returns the default width of a comparison's chains in a window that is `room` px wide: 232 px in windows of up to 1,320 px, rising to 340
 * px in windows of 1,428 px or more.
 */
export function compareRoom(room: number): number {
  return Math.min(340, Math.max(232, room - 1_088));
}

const KEY = 'layerscope.layout';
/** The former default width of a comparison's chains, which was stored without being chosen. */
const FORMER_COMPARE_WIDTH = 340;
const initial: LayoutState = {
  theme: 'auto',
  libraryWidth: 196,
  chainWidth: 262,
  detailsWidth: null,
  keysWidth: null,
  keysHeight: null,
  libraryOpen: true,
  findingsOpen: false,
  wasteOpen: false,
  wasteTall: false,
  configOpen: false,
  compareWidth: null,
  searchesAll: false,
  view: 'tree',
  onOpen: 'ask',
  units: 'decimal',
  previewText: 12,
  wraps: false,
  modifiedAs: 'diff',
  diffLayout: 'unified',
  pictureDiff: 'two-up',
  drawer: 'none',
};

/** Returns the stored layout, as far as it is valid. */
export function readLayout(): LayoutState {
  let kept: unknown = null;
  try {
    kept = JSON.parse(globalThis.localStorage?.getItem(KEY) ?? 'null');
  } catch {
    // No storage, or not JSON: use the defaults.
  }
  return parseLayout(kept);
}

type Kept = Readonly<Record<string, unknown>>;

/** Converts any value to a layout. Invalid parts get their defaults. */
export function parseLayout(kept: unknown): LayoutState {
  if (typeof kept !== 'object' || kept === null) return initial;
  const from = kept as Kept;
  const width = <Name extends keyof typeof PANE_LIMITS>(name: Name): number | LayoutState[Name] => {
    const value = from[name];
    const { min, max } = PANE_LIMITS[name];
    return typeof value === 'number' && value >= min && value <= max ? value : initial[name];
  };
  return {
    ...initial,
    theme: oneOf(from.theme, ['auto', 'light', 'dark']),
    view: oneOf(from.view, ['tree', 'treemap']),
    onOpen: oneOf(from.onOpen, ['ask', 'look', 'import']),
    units: oneOf(from.units, ['decimal', 'binary']),
    previewText: PREVIEW_TEXT.find((size) => size === from.previewText) ?? initial.previewText,
    wraps: from.wraps === true,
    modifiedAs: oneOf(from.modifiedAs, ['diff', 'content']),
    diffLayout: oneOf(from.diffLayout, ['unified', 'split']),
    pictureDiff: oneOf(from.pictureDiff, ['two-up', 'swipe', 'onion']),
    libraryOpen: typeof from.libraryOpen === 'boolean' ? from.libraryOpen : true,
    libraryWidth: width('libraryWidth'),
    chainWidth: width('chainWidth'),
    compareWidth: from.compareWidth === FORMER_COMPARE_WIDTH ? null : width('compareWidth'),
    detailsWidth: width('detailsWidth'),
    keysWidth: width('keysWidth'),
    keysHeight: width('keysHeight'),
  };
}

/** Returns the value if it is one of the choices, else the first choice. */
function oneOf<T extends string>(value: unknown, choices: readonly [T, ...T[]]): T {
  return choices.find((choice) => choice === value) ?? choices[0];
}

export function keepLayout(layout: LayoutState): void {
  // Not stored: which panels and drawers are open, and whether all layers are searched.
  const { findingsOpen: _, wasteOpen: _waste, wasteTall: _tall, configOpen: _config, searchesAll: _all, drawer: _drawer, ...kept } = layout;
  try {
    globalThis.localStorage?.setItem(KEY, JSON.stringify(kept));
  } catch {
    // Storage is full or refused, so the layout lasts only as long as the window.
  }
}
