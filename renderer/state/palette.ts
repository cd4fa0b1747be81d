import type { PathMatch } from '#contract';

/** Whether the label contains each word of the text, in any order and ignoring case. */
export function matchesWords(label: string, text: string): boolean {
  const name = label.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => name.includes(word));
}

/** Returns the layer to select for a path: the current one if it touches the path, else the highest one that does. */
export function landing(match: PathMatch, shown: number): number {
  const layers = match.touches.map(({ layer }) => layer);
  return layers.includes(shown) ? shown : (layers.at(-1) ?? shown);
}
