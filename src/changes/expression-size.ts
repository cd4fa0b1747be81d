// Estimates how large a regular expression becomes when compiled. RE2 expands repetitions: the eight characters `.{0,900}` become 1,800
// states.

/** `{n}`, `{n,}` and `{n,m}`. */
const REPEAT = /\{(\d+)(,(\d*))?\}/y;

/** An unclosed group: its states so far, and the states of its last part, to which a following repetition applies. */
interface Part {
  sum: number;
  last: number;
}

/** Returns an estimate, never too low, of the number of states of a valid expression. */
export function expressionSize(source: string): number {
  const groups: Part[] = [];
  let part: Part = { sum: 0, last: 0 };
  const add = (states: number): void => {
    part.sum += states;
    part.last = states;
  };
  for (let at = 0; at < source.length; at++) {
    const letter = source[at];
    if (letter === '(') {
      groups.push(part);
      part = { sum: 2, last: 0 };
    } else if (letter === ')') {
      const { sum } = part;
      part = groups.pop() ?? { sum: 0, last: 0 };
      add(sum);
    } else if (letter === '{') {
      const times = repeatAt(source, at);
      add(times === null ? 1 : times.states(part.last));
      at += times === null ? 0 : times.length - 1;
    } else {
      if (letter === '\\') at++;
      if (letter === '[') at = classEnd(source, at);
      add(1);
    }
  }
  return groups.reduce((sum, group) => sum + group.sum, part.sum);
}

function repeatAt(source: string, at: number): { readonly length: number; states(once: number): number } | null {
  REPEAT.lastIndex = at;
  const found = REPEAT.exec(source);
  if (found === null) return null;
  const [text, least = '', comma, most = ''] = found;
  const times = Math.max(Number(least), Number(most));
  // Each optional repetition takes one more state. The part itself is already in the sum.
  const states = (once: number): number => times * (once + (comma === undefined ? 0 : 1));
  return { length: text.length, states };
}

/** Returns the position of the `]` that closes a class. */
function classEnd(source: string, start: number): number {
  let at = start + 1;
  while (at < source.length && source[at] !== ']') at += source[at] === '\\' ? 2 : 1;
  return at;
}
