import { beginningOf } from '#model';
import { words } from './index.ts';

/** Limits on how much of a string is drawn, in characters and in lines. Copying and saving always include all of it. */
interface Most {
  readonly characters: number;
  readonly lines: number;
}

const DRAWN: Most = { characters: 4_000, lines: 200 };
const TITLE: Most = { characters: 1_000, lines: 200 };

/**
 * Returns a string as the page draws it: whole, or its beginning followed by the number of characters left out. Strings in an image may
 * have any length: an archive of a few kilobytes can contain one that takes the page minutes to lay out.
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
    // A line break at the end of the text doesn't start another line.
    end = Math.min(end, at + 1 === text.length ? text.length : at);
    break;
  }
  return end === text.length ? text : `${text.slice(0, end)}${words.charactersMore(text.length - end)}`;
}
