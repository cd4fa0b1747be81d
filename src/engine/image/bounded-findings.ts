import { FINDING_SEVERITY, type Finding, type FindingCode } from '#model';

/** Maximum number of findings kept for an image or an archive. */
const MAX_FINDINGS = 20_000;
/** Maximum number of characters in these findings. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

/** Collects findings in order up to a limit; the rest are counted by code. */
export class BoundedFindings {
  readonly #limit: number;
  readonly #findings: Finding[] = [];
  readonly #leftOut = new Map<FindingCode, number>();
  #characters = 0;

  constructor(limit: number = MAX_FINDINGS) {
    this.#limit = limit;
  }

  add(finding: Finding): void {
    const length = finding.message.length + (finding.path?.length ?? 0);
    if (this.#findings.length < this.#limit && this.#characters + length <= MAX_CHARACTERS) {
      this.#characters += length;
      this.#findings.push(finding);
    } else this.#leftOut.set(finding.code, (this.#leftOut.get(finding.code) ?? 0) + 1);
  }

  /** Returns the findings that were kept, followed by one for each code with omitted findings, which says how many were omitted. */
  finish(): Finding[] {
    for (const [code, count] of this.#leftOut) {
      this.#findings.push({ severity: FINDING_SEVERITY[code], code, message: `${count} more of these not listed` });
    }
    return this.#findings;
  }
}
