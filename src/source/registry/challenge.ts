// WWW-Authenticate: one or more challenges in one or more fields, which Node joins with commas. Source: RFC 9110 11.2, 11.6.1.

/** A challenge, with its scheme and parameter names in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const MAX_TEXT = 16 * 1024;
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;
const SPACE = /[ \t]*/y;

/** Parses a field's value; omits what can't be parsed. */
export function parseChallenges(text: string | undefined): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  const scan = new Scanner((text ?? '').slice(0, MAX_TEXT));
  while (!scan.isAtEnd) {
    const word = scan.take(TOKEN);
    if (word === null) {
      scan.skip();
      continue;
    }
    scan.take(SPACE);
    const last = challenges.at(-1);
    if (!scan.accept('=')) challenges.push({ scheme: word.toLowerCase(), parameters: new Map() });
    else if (last !== undefined) {
      scan.take(SPACE);
      const value = scan.quoted() ?? scan.take(TOKEN) ?? '';
      last.parameters.set(word.toLowerCase(), value);
    }
    scan.take(SPACE);
  }
  return challenges;
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  skip(): void {
    this.#at++;
  }

  accept(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) return null;
    this.#at += found.length;
    return found;
  }

  quoted(): string | null {
    QUOTED.lastIndex = this.#at;
    const found = QUOTED.exec(this.#text);
    if (found === null) return null;
    this.#at += found[0].length;
    return (found[1] ?? '').replace(/\\(.)/g, '$1');
  }
}
