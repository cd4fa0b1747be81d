import { beginningOf } from '#model';
import { words } from './index.ts';

/** Maximum number of characters and of lines of a text that are drawn; what copies or saves it has all of it. */
interface Most {
  readonly characters: number;
  readonly lines: number;
}

const DRAWN: Most = { characters: 4_000, lines: 200 };
const TITLE: Most = { characters: 1_000, lines: 200 };

/**
 * Returns a text as the page draws it: whole, or its beginning and how many characters follow. An image has texts of any length, and a few
 * kilobytes of archive hold one that takes the page minutes to lay out.
 */
export function drawnText(text: string, most = DRAWN): string {
  return cut(text, most);
}

/** Like {@link drawnText}, for a tooltip. */
export function titleText(text: string): string {
  return cut(text, TITLE);
}

function cut(text: string, { characters, lines }: Most): string {
  const shown = text.length > characters ? beginningOf(text, characters) : text;
  let end = shown.length;
  for (let line = 0, at = shown.indexOf('\n'); at >= 0; at = shown.indexOf('\n', at + 1)) {
    line++;
    if (line < lines) continue;
    // A line break that ends the text begins no line.
    end = Math.min(end, at + 1 === text.length ? text.length : at);
    break;
  }
  return end === text.length ? text : `${text.slice(0, end)}${words.charactersMore(text.length - end)}`;
}
