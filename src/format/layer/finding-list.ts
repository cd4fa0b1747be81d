import { FINDING_SEVERITY, type Finding, type FindingCode, finding } from '#model';

/** Findings of one code that a layer keeps; a tar can hold millions. */
const MAX_FINDINGS_PER_CODE = 1000;

/** Characters of the message and the path of one finding, and of all that a layer keeps. */
const MAX_LENGTH = 8192;
const MAX_CHARACTERS = 4 * 1024 * 1024;

function cut(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}

/** Findings in order, bounded for each code and in length. */
export class FindingList {
  readonly #findings: Finding[] = [];
  readonly #counts = new Map<FindingCode, number>();
  readonly #leftOut = new Map<FindingCode, number>();
  #characters = 0;

  /** Keeps the finding, or only counts it. The path is asked for only where it is kept. */
  add(code: FindingCode, message: string, offset: number, path: () => string | undefined): void {
    const count = (this.#counts.get(code) ?? 0) + 1;
    this.#counts.set(code, count);
    if (count > MAX_FINDINGS_PER_CODE || this.#characters > MAX_CHARACTERS) {
      this.#leftOut.set(code, (this.#leftOut.get(code) ?? 0) + 1);
      return;
    }
    const shown = path();
    const kept = finding(code, cut(message), shown === undefined ? { offset } : { offset, path: cut(shown) });
    this.#characters += kept.message.length + (kept.path?.length ?? 0);
    this.#findings.push(kept);
  }

  /** All of them, and for each code with more a last one that says how many. */
  finish(): Finding[] {
    for (const [code, left] of this.#leftOut) {
      this.#findings.push({ severity: FINDING_SEVERITY[code], code, message: `${left} more of these are left out` });
    }
    return this.#findings;
  }
}
