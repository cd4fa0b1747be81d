/** Range of hues, in degrees, that all look green. The layers' hues pass through it `pace` times as fast. */
const GREENS = { from: 70, to: 160, pace: 2.5 };
const FIRST_HUE = 34;
const LAST_HUE = 330;

/** Returns the hue for a layer, `part` of the way from the lowest to the top. */
function hueAt(part: number): number {
  const { from, to, pace } = GREENS;
  const way = LAST_HUE - FIRST_HUE - (to - from) * (1 - 1 / pace);
  const at = FIRST_HUE + part * way;
  if (at <= from) return at;
  const through = from + (at - from) * pace;
  return through <= to ? through : to + (at - from - (to - from) / pace);
}

/** Returns a layer's colours in the treemap. Hues go from brown for the lowest layer through green and blue to rose. */
export function layerColour(layer: number, count: number, dark: boolean): { readonly fill: string; readonly edge: string } {
  const hue = Math.round(hueAt(count <= 1 ? 0 : layer / (count - 1)));
  // Neighbouring layers also differ in lightness, because their hues are close together if there are many layers.
  const odd = layer % 2 === 1;
  // Brown, blue and rose are dimmer than green at the same lightness, and would hardly stand out from a dark background.
  const dim = Math.min(1, Math.max(0, (Math.abs(hue - 120) - 60) / 30));
  const lightness = odd ? 27 + (hue < 120 ? 4 : 7) * dim : 21 + 7 * dim;
  return dark
    ? { fill: `hsl(${hue} 26% ${lightness}%)`, edge: `hsl(${hue} 26% 45%)` }
    : { fill: `hsl(${hue} 46% ${odd ? 76 : 84}%)`, edge: `hsl(${hue} 34% 52%)` };
}

const SIDE_HUES = { removed: 262, added: 170, modified: 42 };

/** Returns the colours for a path in a comparison: only in A (`removed`), only in B (`added`), or changed. */
export function sideColour(kind: keyof typeof SIDE_HUES, dark: boolean): { readonly fill: string; readonly edge: string } {
  const hue = SIDE_HUES[kind];
  return dark ? { fill: `hsl(${hue} 30% 25%)`, edge: `hsl(${hue} 30% 48%)` } : { fill: `hsl(${hue} 48% 83%)`, edge: `hsl(${hue} 34% 50%)` };
}

const HUES: Readonly<Record<string, number>> = {
  programs: 12,
  libraries: 34,
  source: 140,
  bytecode: 168,
  packages: 268,
  archives: 296,
  documents: 200,
  config: 220,
  pictures: 330,
  media: 350,
  fonts: 84,
  models: 244,
  data: 56,
  translations: 184,
  debug: 110,
};

/** Returns the colours of a file type (see FILE_TYPES); grey for `other`. */
export function typeColour(type: string, dark: boolean): { readonly fill: string; readonly edge: string } {
  const hue = HUES[type];
  const strength = hue === undefined ? 0 : dark ? 26 : 50;
  return dark
    ? { fill: `hsl(${hue ?? 0} ${strength}% 26%)`, edge: `hsl(${hue ?? 0} ${strength}% 45%)` }
    : { fill: `hsl(${hue ?? 0} ${strength}% 81%)`, edge: `hsl(${hue ?? 0} ${strength}% 52%)` };
}
