import type { PathMatch } from '#contract';

/** Whether each word of the text is somewhere in the label, in any order and case. */
export function matchesWords(label: string, text: string): boolean {
  const name = label.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => name.includes(word));
}

/** The layer to select for a path: the current one if it touches the path, else the last one that does. */
export function landing(match: PathMatch, shown: number): number {
  const layers = match.touches.map(({ layer }) => layer);
  return layers.includes(shown) ? shown : (layers.at(-1) ?? shown);
}
