// Reads bodies piece by piece and finds secrets in them, in one pass, with a fixed amount of memory.
//
// Bytes are copied into a window. When it is full, everything that starts before its last AHEAD bytes is decided, and the window moves on,
// keeping BEHIND bytes before that position. So every decision sees the same bytes, wherever the pieces were cut.
//
// Secrets are found by their leads (`lead-window.ts`): the first three bytes of a token, of `slack` in a Slack webhook's address, or of
// `BEGIN` in a private key's header. So few bytes are examined one by one.

import type { FindingCode, Severity } from '#model';
import { awsSecretNear } from './aws-secret.ts';
import { findText, hasText, latin1, runEnd, UPPER, WORD } from './characters.ts';
import { type KnownFile, knownFileOf } from './known-files.ts';
import { giveBack, type LeadWindow, takeWindow, WINDOW } from './lead-window.ts';
import { HOST_LEAD, KEY_LEAD, leadAt } from './leads.ts';
import { headerAround, KEY_BYTES, privateKeyAt } from './private-key.ts';
import { isLibrary, isQuietPlace } from './quiet-places.ts';
import { RunMemory } from './run-memory.ts';
import { type Doubt, isPlaceholder, LONGEST_TOKEN, severityOf, tokenAt } from './token-rules.ts';

/** Something that looks like a secret. A hit never contains a whole secret. */
export interface SecretHit {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** Offset of the secret's first byte in the body. */
  readonly at: number;
  /** Line number, from 1; absent in a binary file. */
  readonly line?: number;
  /** The secret's first four and last two characters. */
  readonly shown?: string;
  readonly encrypted?: true;
  /** Why the secret is reported less severely than usual for its code. */
  readonly doubt?: Doubt | 'place' | 'encrypted';
}

const BEHIND = 4096;
const AHEAD = 8192;
/**
 * Number of bytes before the decided position that are kept when the window moves on, a multiple of 16. It exceeds BEHIND, because a key's
 * header begins before its lead.
 */
const KEPT = BEHIND + 16;
/** A NUL among this many first bytes makes a file binary. */
const BINARY_BYTES = 8192;
/** Maximum number of near-misses that are examined closely in one body; each takes up to two microseconds. */
const MOST_CLOSE_LOOKS = 100_000;
/** Shorter values aren't shown at all: six characters would reveal too much of them. */
const SHORTEST_SHOWN = 16;

const SLACK_HOST = 'hooks.slack.com/services/';
const HOST_LEAD_AT = SLACK_HOST.indexOf('slack');
/** Maximum number of bytes between the `services/` of a webhook and its key. */
const SLACK_BYTES = 64;
const SLACK_KEY = 24;
const SERVICE_ACCOUNT = '"service_account"';

const NO_BYTES: Uint8Array = new Uint8Array(0);

const RANK: Record<Severity, number> = { error: 2, warning: 1, note: 0 };

/** Returns the first four and last two characters of a secret; undefined for a short one. */
function masked(text: string): string | undefined {
  return text.length < SHORTEST_SHOWN ? undefined : `${text.slice(0, 4)}…${text.slice(-2)}`;
}

/** Finds secrets in one body at a time: call `begin`, `push` as often as needed, then `finish`. */
export class SecretScanner {
  readonly #own: LeadWindow | null;
  /** Set only while a body is searched. */
  #window: LeadWindow | null = null;
  #bytes = NO_BYTES;
  #filled = 0;
  /** Position in the window up to which everything is decided. */
  #done = 0;
  /** Offset of the window's first byte in the body. */
  #offset = 0;
  /** Line feeds before `#linesAt`, a position in the window. */
  #lines = 0;
  #linesAt = 0;
  /** Null until it is needed; until then, the body's first bytes are still in the window. */
  #isBinary: boolean | null = null;
  #path = '';
  /** Null until it is needed. */
  #isQuiet: boolean | null = null;
  #known: KnownFile | null = null;
  #closeLooks = 0;
  readonly #memory = new RunMemory();
  readonly #hits = new Map<FindingCode, SecretHit>();

  /** `own`: a window to use for every body. By default, one is borrowed for each body. */
  constructor(own: LeadWindow | null = null) {
    this.#own = own;
  }

  /** Starts a body. `path`: the file's path, relative, with `/`; empty for text that isn't a file. */
  begin(path: string): void {
    this.#window ??= this.#own ?? takeWindow();
    this.#bytes = this.#window.bytes;
    this.#filled = 0;
    this.#done = 0;
    this.#offset = 0;
    this.#lines = 0;
    this.#linesAt = 0;
    this.#isBinary = null;
    this.#closeLooks = 0;
    this.#hits.clear();
    this.#path = path;
    this.#isQuiet = null;
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

  /** Ends the body and returns its hits, one for each code: the most severe, and the first of equally severe ones. */
  finish(): readonly SecretHit[] {
    if (this.#offset === 0) this.#lookAtStart();
    this.#decide(this.#filled);
    if (this.#window !== null && this.#own === null) giveBack(this.#window);
    this.#window = null;
    this.#bytes = NO_BYTES;
    return this.#hits.size === 0 ? NONE : [...this.#hits.values()];
  }

  #moveOn(): void {
    if (this.#offset === 0) this.#lookAtStart();
    const done = WINDOW - AHEAD;
    this.#decide(done);
    const from = done - KEPT;
    if (!this.#looksBinary()) this.#countTo(from);
    this.#linesAt = Math.max(0, this.#linesAt - from);
    this.#bytes.copyWithin(0, from);
    this.#offset += from;
    this.#filled -= from;
    this.#done = done - from;
  }

  /** Searches a known file, which needs only its first bytes. */
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
    this.#lines += this.#countLines(this.#linesAt, place);
    this.#linesAt = place;
  }

  #countLines(from: number, to: number): number {
    return this.#window?.countLines(from, to) ?? 0;
  }

  /** Returns the line of a position in the window. Positions may come in any order. */
  #lineOf(place: number): number {
    if (place < this.#linesAt) return this.#lines - this.#countLines(place, this.#linesAt) + 1;
    this.#countTo(place);
    return this.#lines + 1;
  }

  #decide(limit: number): void {
    const window = this.#window;
    if (window === null || limit <= this.#done) return;
    this.#memory.clear();
    const { bytes, places } = window;
    const count = window.find(this.#done, limit);
    for (let index = 0; index < count; index++) {
      const at = places[index] as number;
      const lead = leadAt(bytes, at);
      if (lead === HOST_LEAD) this.#lookForWebhook(at - HOST_LEAD_AT);
      else if (lead !== KEY_LEAD) this.#lookForToken(at, Math.min(this.#filled, at + LONGEST_TOKEN));
    }
    this.#findKeys(places, count);
    this.#done = limit;
  }

  #lookForToken(start: number, end: number): void {
    const bytes = this.#bytes;
    const found = tokenAt(bytes, start, end, this.#memory);
    if (found === null || !this.#isNews(found.code, severityOf(found.doubt)) || isPlaceholder(bytes, found, this.#memory)) return;
    let { doubt } = found;
    if (found.isId && !(this.#mayLookClosely() && awsSecretNear(bytes, found.start, found.end, this.#filled))) doubt = 'alone';
    if (this.#isNews(found.code, severityOf(doubt))) this.#addToken(found.code, found.start, found.end, doubt);
  }

  /** Checks for `hooks.slack.com/services/T…/B…/` and a key with 24 characters. */
  #lookForWebhook(start: number): void {
    const bytes = this.#bytes;
    const filled = this.#filled;
    if (!hasText(bytes, start, SLACK_HOST, filled)) return;
    const team = start + SLACK_HOST.length;
    const last = Math.min(filled, team + SLACK_BYTES);
    const bot = runEnd(bytes, UPPER, team, last);
    const key = runEnd(bytes, UPPER, bot + 1, last) + 1;
    if (bytes[team] !== 0x54 || bytes[bot] !== 0x2f || bytes[bot + 1] !== 0x42 || bytes[key - 1] !== 0x2f) return;
    const end = runEnd(bytes, WORD, key, Math.min(filled, key + SLACK_KEY + 1));
    if (key <= last && end - key === SLACK_KEY) this.#addToken('secret-slack-webhook', start, end, null);
  }

  #findKeys(places: Int32Array, count: number): void {
    const bytes = this.#bytes;
    const filled = this.#filled;
    for (let index = 0; index < count; index++) {
      const lead = places[index] as number;
      const at = leadAt(bytes, lead) === KEY_LEAD ? headerAround(bytes, lead, filled) : -1;
      if (at < 0) continue;
      if (!this.#isNews('secret-private-key', 'error') || !this.#mayLookClosely()) return;
      const key = privateKeyAt(bytes, at, Math.min(filled, at + KEY_BYTES));
      if (key === null) continue;
      const isAccount = findText(bytes, SERVICE_ACCOUNT, Math.max(0, at - BEHIND), Math.min(filled, at + AHEAD)) >= 0;
      const code = isAccount ? 'secret-gcp-service-account' : 'secret-private-key';
      if (key.isEncrypted) this.#addEncrypted(code, at);
      else this.#add(code, 'error', at, undefined);
    }
  }

  #isQuietFor(code: FindingCode): boolean {
    this.#isQuiet ??= this.#path !== '' && isQuietPlace(this.#path);
    return this.#isQuiet || (code === 'secret-private-key' && isLibrary(this.#path));
  }

  #mayLookClosely(): boolean {
    return this.#closeLooks++ < MOST_CLOSE_LOOKS;
  }

  /** Whether a hit would be kept. */
  #isNews(code: FindingCode, severity: Severity): boolean {
    const known = this.#hits.get(code);
    return known === undefined || RANK[this.#isQuietFor(code) ? 'note' : severity] > RANK[known.severity];
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
    this.#hits.set(hit.code, this.#isQuietFor(hit.code) && hit.severity !== 'note' ? { ...hit, severity: 'note', doubt: 'place' } : hit);
  }
}

const NONE: readonly never[] = [];
