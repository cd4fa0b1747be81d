/** Returns the colours of a layer in the treemap. Hues go from brown for the lowest layer through green and blue to rose. */
export function layerColour(layer: number, count: number, dark: boolean): { readonly fill: string; readonly edge: string } {
  const hue = Math.round(34 + (count <= 1 ? 0 : (layer / (count - 1)) * 296)) % 360;
  // Neighbours differ in lightness too, because the hues of many layers are close.
  const odd = layer % 2 === 1;
  return dark
    ? { fill: `hsl(${hue} 26% ${odd ? 27 : 21}%)`, edge: `hsl(${hue} 26% 45%)` }
    : { fill: `hsl(${hue} 46% ${odd ? 76 : 84}%)`, edge: `hsl(${hue} 34% 52%)` };
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

/** Returns the colours of a kind of file (see FILE_TYPES); grey for `other`. */
export function typeColour(type: string, dark: boolean): { readonly fill: string; readonly edge: string } {
  const hue = HUES[type];
  const strength = hue === undefined ? 0 : dark ? 26 : 50;
  return dark
    ? { fill: `hsl(${hue ?? 0} ${strength}% 26%)`, edge: `hsl(${hue ?? 0} ${strength}% 45%)` }
    : { fill: `hsl(${hue ?? 0} ${strength}% 81%)`, edge: `hsl(${hue ?? 0} ${strength}% 52%)` };
}
