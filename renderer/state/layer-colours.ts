/** Colours of a layer in the treemap: hues go from brown, the lowest layer, through green and blue to rose. */
export function layerColour(layer: number, count: number, dark: boolean): { readonly fill: string; readonly edge: string } {
  const hue = Math.round(34 + (count <= 1 ? 0 : (layer / (count - 1)) * 296)) % 360;
  // Neighbours differ in lightness too, as the hues of many layers are close.
  const odd = layer % 2 === 1;
  return dark
    ? { fill: `hsl(${hue} 26% ${odd ? 27 : 21}%)`, edge: `hsl(${hue} 26% 45%)` }
    : { fill: `hsl(${hue} 46% ${odd ? 76 : 84}%)`, edge: `hsl(${hue} 34% 52%)` };
}
