import type { PathMatch } from '#contract';

/** Whether the label contains each word of the text, in any order and ignoring case. */
export function matchesWords(label: string, text: string): boolean {
  const name = label.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => name.includes(word));
}

/** Returns the layer to select for a path: the current one if it touches the path, else the last one that does. */
export function landing(match: PathMatch, shown: number): number {
  const layers = match.touches.map(({ layer }) => layer);
  return layers.includes(shown) ? shown : (layers.at(-1) ?? shown);
}

/** Returns matches with those first whose name is the text, begins with it, or has it as the beginning of a word; among equals, larger files first. */
export function ranked(matches: readonly PathMatch[], text: string): readonly PathMatch[] {
  const wanted = text.toLowerCase();
  const rank = ({ path }: PathMatch): number => {
    const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
    if (name === wanted) return 0;
    if (name.startsWith(wanted)) return 1;
    if (name.split(/[^\p{L}\p{N}]+/u).some((word) => word.startsWith(wanted))) return 2;
    return name.includes(wanted) ? 3 : 4;
  };
  const size = ({ touches }: PathMatch): number => Math.max(0, ...touches.map((touch) => touch.size));
  return matches
    .map((match) => ({ match, rank: rank(match), size: size(match) }))
    .sort((a, b) => a.rank - b.rank || b.size - a.size)
    .map(({ match }) => match);
}
