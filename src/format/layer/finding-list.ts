import { FINDING_SEVERITY, type Finding, type FindingCode, finding } from '#model';

/** Maximum number of findings per code and layer; a tar can cause millions. */
const MAX_FINDINGS_PER_CODE = 1000;

/** Maximum length of a finding's message or path, in UTF-16 units. */
const MAX_LENGTH = 8192;
/** Maximum total length of all findings kept for a layer, in UTF-16 units. */
const MAX_CHARACTERS = 4 * 1024 * 1024;

function cut(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}

/** A list of findings with a maximum for each code and for their total length. */
export class FindingList {
  readonly #findings: Finding[] = [];
  readonly #counts = new Map<FindingCode, number>();
  readonly #leftOut = new Map<FindingCode, number>();
  #characters = 0;

  /** Keeps the finding; once a limit is reached, only counts it. Calls `path` only if the finding is kept. */
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

  /** Returns all findings, followed, for each code, by the number of omitted findings. */
  finish(): Finding[] {
    for (const [code, left] of this.#leftOut) {
      this.#findings.push({ severity: FINDING_SEVERITY[code], code, message: `${left} more of these not listed` });
    }
    return this.#findings;
  }
}
