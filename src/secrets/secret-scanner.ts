// Reads bodies piece by piece and finds secrets in them, in one pass, with a fixed amount of memory.
//
// Bytes are copied into a window. When it is full, everything that starts before its last AHEAD bytes is decided, and the window moves on,
// keeping BEHIND bytes before that place: so every decision sees the same bytes, wherever the pieces were cut.
//
// Tokens: a token is at least 20 bytes of letters, digits, `_`, `.` and `-`, so it covers one of the samples of eight bytes that are taken
// every twelve. A sample is tested as two words, and then with the words beside it; few bytes of texts and programs are looked at one by one.
// In a run that is long enough, each start of a word is looked up by its first bytes. Keys: see private-key.ts.
//
//   1 GiB of random bytes or programs takes 0.7 to 1.3 times the time of SHA-256, of texts up to 3 times, of base64 5 times.

import type { FindingCode, Severity } from '#model';
import { awsSecretNear } from './aws-secret.ts';
import { areEight, findText, latin1, runEnd, TOKEN, UPPER, WORD } from './characters.ts';
import { type KnownFile, knownFileOf } from './known-files.ts';
import { countLines } from './line-counter.ts';
import { KEY_BYTES, nextKeyHeader, privateKeyAt } from './private-key.ts';
import { isQuietPlace } from './quiet-places.ts';
import { RunMemory } from './run-memory.ts';
import { type Doubt, isPlaceholder, LONGEST_TOKEN, SHORTEST_TOKEN, STARTS, severityOf, tokenAt } from './token-rules.ts';

/** Something that looks like a secret. It never holds a whole one. */
export interface SecretHit {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** Offset in the body of its first byte. */
  readonly at: number;
  /** Line, from 1; absent in a binary file. */
  readonly line?: number;
  /** Its first four and last two characters. */
  readonly shown?: string;
  readonly encrypted?: true;
  /** Why it is reported less severely than its code says. */
  readonly doubt?: Doubt | 'place' | 'encrypted';
}

/** Bytes of a sample, and their distance: 20 = 12 + 8. */
const SAMPLE = 8;
const SAMPLE_STRIDE = 12;
/** In each byte of a word: the lowest byte of a token, and the bit that is set in no byte of a token, nor after subtracting that. */
const LOWEST = 0x2d2d2d2d;
const NOT_TOKEN = 0x80808080;

const BEHIND = 4096;
const AHEAD = 8192;
/** A multiple of four: the window is read by words too. */
const WINDOW = 256 * 1024;
/** A NUL in this many first bytes makes a file binary. */
const BINARY_BYTES = 8192;
/** Near-misses that are looked at closely in one body; each takes up to a microsecond or two. */
const MOST_CLOSE_LOOKS = 100_000;
/** Shorter values are not shown at all: six characters would be too much of them. */
const SHORTEST_SHOWN = 16;

const SLACK_HOST = 'hooks.slack.com/services/';
const SLACK_BYTES = 64;
const SLACK_KEY = 24;
const SERVICE_ACCOUNT = '"service_account"';

const RANK: Record<Severity, number> = { error: 2, warning: 1, note: 0 };

/** The first four and last two characters of a secret; undefined for a short one. */
function masked(text: string): string | undefined {
  return text.length < SHORTEST_SHOWN ? undefined : `${text.slice(0, 4)}…${text.slice(-2)}`;
}

/** Finds secrets in one body at a time: `begin`, `push` as often as needed, `finish`. */
export class SecretScanner {
  readonly #bytes = new Uint8Array(WINDOW + 2 * SAMPLE);
  readonly #words = new Int32Array(this.#bytes.buffer);
  #filled = 0;
  /** Place in the window up to which everything is decided. */
  #done = 0;
  /** Offset in the body of the window's first byte. */
  #offset = 0;
  /** Line feeds before `#linesAt`, a place in the window. */
  #lines = 0;
  #linesAt = 0;
  /** Null: nobody has asked yet, and the first bytes are in the window. */
  #isBinary: boolean | null = null;
  #isQuiet = false;
  #known: KnownFile | null = null;
  #closeLooks = 0;
  readonly #memory = new RunMemory();
  readonly #hits = new Map<FindingCode, SecretHit>();

  /** Starts a body. `path`: where the file is, relative, with `/`; empty for a text that isn't a file. */
  begin(path: string): void {
    this.#filled = 0;
    this.#done = 0;
    this.#offset = 0;
    this.#lines = 0;
    this.#linesAt = 0;
    this.#isBinary = null;
    this.#closeLooks = 0;
    this.#hits.clear();
    this.#isQuiet = path !== '' && isQuietPlace(path);
    this.#known = path === '' ? null : knownFileOf(path);
  }

  /** Adds the bytes from `start` to `end`. */
  push(bytes: Uint8Array, start = 0, end = bytes.length): void {
    for (let at = start; at < end; ) {
      const count = Math.min(end - at, WINDOW - this.#filled);
      this.#bytes.set(bytes.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled === WINDOW) this.#moveOn();
    }
  }

  /** Ends the body and returns its hits, one for each code: the most severe one, or else the first. */
  finish(): readonly SecretHit[] {
    if (this.#offset === 0) this.#lookAtStart();
    this.#decide(this.#filled);
    return this.#hits.size === 0 ? NONE : [...this.#hits.values()];
  }

  #moveOn(): void {
    if (this.#offset === 0) this.#lookAtStart();
    const done = WINDOW - AHEAD;
    this.#decide(done);
    // A multiple of four, so that words stay aligned.
    const from = done - BEHIND;
    if (!this.#looksBinary()) this.#countTo(from);
    this.#linesAt = Math.max(0, this.#linesAt - from);
    this.#bytes.copyWithin(0, from);
    this.#offset += from;
    this.#filled -= from;
    this.#done = done - from;
  }

  /** Looks at what only the first bytes show. */
  #lookAtStart(): void {
    const found = this.#known?.look(this.#bytes.subarray(0, this.#filled)) ?? null;
    if (found !== null) this.#add(found.code, found.severity, found.at, found.secret === undefined ? undefined : masked(found.secret));
  }

  #looksBinary(): boolean {
    this.#isBinary ??= this.#bytes.subarray(0, Math.min(this.#filled, BINARY_BYTES)).includes(0);
    return this.#isBinary;
  }

  #countTo(place: number): void {
    if (place <= this.#linesAt) return;
    this.#lines += countLines(this.#bytes, this.#words, this.#linesAt, place);
    this.#linesAt = place;
  }

  /** The line of a place in the window. Places may come in any order. */
  #lineOf(place: number): number {
    if (place < this.#linesAt) return this.#lines - countLines(this.#bytes, this.#words, place, this.#linesAt) + 1;
    this.#countTo(place);
    return this.#lines + 1;
  }

  #decide(limit: number): void {
    if (limit <= this.#done) return;
    this.#findTokens(this.#done, limit);
    this.#findKeys(this.#done, limit);
    this.#done = limit;
  }

  /** Finds tokens that start from `from` on, a multiple of four, and before `limit`. */
  #findTokens(from: number, limit: number): void {
    const bytes = this.#bytes;
    const words = this.#words;
    const token = TOKEN;
    const filled = this.#filled;
    const last = Math.min(limit + SAMPLE_STRIDE - 1, filled - SAMPLE);
    let floor = from;
    for (let at = from; at <= last; ) {
      const first = words[at >> 2] as number;
      const second = words[(at >> 2) + 1] as number;
      if (((first - LOWEST) | first | (second - LOWEST) | second) & NOT_TOKEN) {
        at += SAMPLE_STRIDE;
        continue;
      }
      if ((at >= SAMPLE && !isInFour(words, at >> 2)) || !areEight(bytes, token, at)) {
        at += SAMPLE_STRIDE;
        continue;
      }
      let start = at;
      while (start > floor && token[bytes[start - 1] as number] === 1) start--;
      if (start >= limit) return;
      let end = runEnd(bytes, token, at + SAMPLE, Math.min(filled, start + SHORTEST_TOKEN));
      if (end - start >= SHORTEST_TOKEN) end = this.#lookInRun(start, limit);
      floor = end;
      at = (end + 1) & ~3;
    }
  }

  /** Looks at the words of a run of token bytes. Returns its end, or a place from `limit` on. */
  #lookInRun(start: number, limit: number): number {
    const bytes = this.#bytes;
    const word = WORD;
    const filled = this.#filled;
    this.#memory.clear();
    if (start > 0 && bytes[start - 1] === 0x2f) this.#lookForWebhook(start, filled);
    let isStart = start === 0 || word[bytes[start - 1] as number] === 0;
    for (let at = start; ; at++) {
      const first = bytes[at] as number;
      if (word[first] === 1) {
        if (isStart && STARTS[(first << 8) | (bytes[at + 1] as number)] === 1) this.#lookForToken(at, Math.min(filled, at + LONGEST_TOKEN));
        at++;
        while (at < filled && word[bytes[at] as number] === 1) at++;
      }
      if (at >= limit || at >= filled || TOKEN[bytes[at] as number] === 0) return at;
      isStart = true;
    }
  }

  #lookForToken(start: number, end: number): void {
    const bytes = this.#bytes;
    const found = tokenAt(bytes, start, end, this.#memory);
    if (found === null || !this.#isNews(found.code, severityOf(found.doubt)) || isPlaceholder(bytes, found, this.#memory)) return;
    let { doubt } = found;
    if (found.isId && !(this.#mayLookClosely() && awsSecretNear(bytes, found.start, found.end, this.#filled))) doubt = 'alone';
    if (this.#isNews(found.code, severityOf(doubt))) this.#addToken(found.code, found.start, found.end, doubt);
  }

  /** `hooks.slack.com/services/T…/B…/` and a key of 24 characters, which is the run. */
  #lookForWebhook(start: number, end: number): void {
    if (runEnd(this.#bytes, WORD, start, end) - start !== SLACK_KEY) return;
    const bytes = this.#bytes;
    const host = findText(bytes, SLACK_HOST, Math.max(0, start - SLACK_BYTES - SLACK_HOST.length), start);
    if (host < 0) return;
    const team = host + SLACK_HOST.length;
    const bot = runEnd(bytes, UPPER, team, start);
    const key = runEnd(bytes, UPPER, bot + 1, start);
    if (bytes[team] !== 0x54 || bytes[bot] !== 0x2f || bytes[bot + 1] !== 0x42 || key !== start - 1) return;
    this.#addToken('secret-slack-webhook', host, start + SLACK_KEY, null);
  }

  #findKeys(from: number, limit: number): void {
    const bytes = this.#bytes;
    const filled = this.#filled;
    for (
      let at = nextKeyHeader(bytes, this.#words, from, limit, filled);
      at >= 0;
      at = nextKeyHeader(bytes, this.#words, at + 1, limit, filled)
    ) {
      if (!this.#isNews('secret-private-key', 'error') || !this.#mayLookClosely()) return;
      const key = privateKeyAt(bytes, at, Math.min(filled, at + KEY_BYTES));
      if (key === null) continue;
      const isAccount = findText(bytes, SERVICE_ACCOUNT, Math.max(0, at - BEHIND), Math.min(filled, at + AHEAD)) >= 0;
      const code = isAccount ? 'secret-gcp-service-account' : 'secret-private-key';
      if (key.isEncrypted) this.#addEncrypted(code, at);
      else this.#add(code, 'error', at, undefined);
    }
  }

  #mayLookClosely(): boolean {
    return this.#closeLooks++ < MOST_CLOSE_LOOKS;
  }

  /** Whether a hit would be kept. */
  #isNews(code: FindingCode, severity: Severity): boolean {
    const known = this.#hits.get(code);
    return known === undefined || RANK[this.#isQuiet ? 'note' : severity] > RANK[known.severity];
  }

  #addToken(code: FindingCode, start: number, end: number, doubt: Doubt | null): void {
    const shown = masked(latin1(this.#bytes, start, end));
    this.#keep({ code, severity: severityOf(doubt), ...this.#place(start), ...(shown && { shown }), ...(doubt && { doubt }) });
  }

  #addEncrypted(code: FindingCode, start: number): void {
    this.#keep({ code, severity: 'note', ...this.#place(start), encrypted: true, doubt: 'encrypted' });
  }

  #add(code: FindingCode, severity: Severity, start: number, shown: string | undefined): void {
    this.#keep({ code, severity, ...this.#place(start), ...(shown === undefined ? {} : { shown }) });
  }

  #place(start: number): Pick<SecretHit, 'at' | 'line'> {
    const at = this.#offset + start;
    return this.#looksBinary() ? { at } : { at, line: this.#lineOf(start) };
  }

  #keep(hit: SecretHit): void {
    if (!this.#isNews(hit.code, hit.severity)) return;
    this.#hits.set(hit.code, this.#isQuiet && hit.severity !== 'note' ? { ...hit, severity: 'note', doubt: 'place' } : hit);
  }
}

const NONE: readonly never[] = [];

/** Whether the two words from `at` on are among four in a row that a token may cover. Any token covers four, whatever its place. */
function isInFour(words: Int32Array, at: number): boolean {
  const before = words[at - 1] as number;
  const after = words[at + 2] as number;
  const isBefore = (((before - LOWEST) | before) & NOT_TOKEN) === 0;
  const isAfter = (((after - LOWEST) | after) & NOT_TOKEN) === 0;
  if (isBefore && isAfter) return true;
  if (!isBefore && !isAfter) return false;
  const next = words[isBefore ? at - 2 : at + 3] as number;
  return (((next - LOWEST) | next) & NOT_TOKEN) === 0;
}
