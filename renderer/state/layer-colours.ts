/** Fill of a layer where colours tell layers, and the text upon it: from earth, the oldest, through green and blue to rose. */
export function layerColour(layer: number, count: number, dark: boolean): { readonly fill: string; readonly edge: string } {
  const hue = Math.round(34 + (count <= 1 ? 0 : (layer / (count - 1)) * 296)) % 360;
  // Neighbours differ in tone too: hues of many layers lie close together.
  const odd = layer % 2 === 1;
  return dark
    ? { fill: `hsl(${hue} 26% ${odd ? 27 : 21}%)`, edge: `hsl(${hue} 26% 45%)` }
    : { fill: `hsl(${hue} 46% ${odd ? 76 : 84}%)`, edge: `hsl(${hue} 34% 52%)` };
}
