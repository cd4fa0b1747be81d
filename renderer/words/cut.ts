import { beginningOf } from '#model';
import { words } from './index.ts';

/** Limits on how much of a string is drawn, in characters and in lines. Copying and saving always include all of it. */
interface Most {
  readonly characters: number;
  readonly lines: number;
}

const DRAWN: Most = { characters: 4_000, lines: 200 };
const TITLE: Most = { characters: 1_000, lines: 200 };
/** Minimum number of characters of a list's line: what fits on one line of a wide screen. */
const LINE = 300;
/** Number of characters that all lines of a list share, as long as each gets more than {@link LINE}. */
const LIST = 100_000;
/** Number of characters that are drawn before a match. */
const BEFORE_MATCH = 50;

/**
 * Returns a string as the page draws it: whole, or its beginning followed by the number of characters left out. Strings in an image may
 * have any length: an archive of a few kilobytes can contain one that takes the page minutes to lay out.
 */
export function drawnText(text: string, most = DRAWN): string {
  return cut(text, most);
}

/**
 * Like {@link drawnText}, for one of a list's lines: the longer the list, the less of each, with an ellipsis. Without a bound on their
 * product, a list of hundreds of lines with thousands of characters each could stop the page for a minute, above all in scripts without
 * spaces, where line breaks are looked up in a dictionary. `count`: number of lines in the list; without it, lines get no more than a wide
 * screen shows of one. `match`: the text searched for; if only characters after those contain it, they are drawn instead.
 */
export function lineText(text: string, count = Number.POSITIVE_INFINITY, match = ''): string {
  const most = Math.min(DRAWN.characters, Math.max(LINE, Math.floor(LIST / Math.max(1, count))));
  if (text.length <= most) return cut(text, DRAWN);
  const at = match === '' ? -1 : text.slice(0, DRAWN.characters).toLowerCase().indexOf(match.toLowerCase());
  const from = at + match.length <= most ? 0 : Math.max(0, at - BEFORE_MATCH);
  const end = from + most < text.length ? '…' : '';
  return `${from === 0 ? '' : '…'}${beginningOf(cut(fromHere(text, from), { ...DRAWN, characters: Number.POSITIVE_INFINITY }), most)}${end}`;
}

/** Like {@link lineText}, but cut in the middle, for a name whose end is distinctive. `most`: maximum number of characters. */
export function lineName(text: string, most = LINE): string {
  const line = cut(text, { characters: Number.POSITIVE_INFINITY, lines: 1 });
  const tail = Math.floor(most / 3);
  return line.length <= most ? line : `${beginningOf(line, most - tail)}…${fromHere(line, line.length - tail)}`;
}

/** Returns the rest of a string, without half a surrogate pair at its start. */
function fromHere(text: string, from: number): string {
  return text.slice(from).replace(/^[\uDC00-\uDFFF]/, '');
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
