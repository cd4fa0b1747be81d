import { FINDING_SEVERITY, type Finding, type FindingCode } from '#model';

/** Most findings kept for one image or one archive, and most characters in their texts. */
const MAX_FINDINGS = 20_000;
const MAX_CHARACTERS = 16 * 1024 * 1024;

/** Collects findings in order up to a limit; the rest are counted by code. */
export class BoundedFindings {
  readonly #findings: Finding[] = [];
  readonly #leftOut = new Map<FindingCode, number>();
  #characters = 0;

  add(finding: Finding): void {
    const length = finding.message.length + (finding.path?.length ?? 0);
    if (this.#findings.length < MAX_FINDINGS && this.#characters + length <= MAX_CHARACTERS) {
      this.#characters += length;
      this.#findings.push(finding);
    } else this.#leftOut.set(finding.code, (this.#leftOut.get(finding.code) ?? 0) + 1);
  }

  /** Returns the kept findings, then one for each code that was cut off, saying how many are missing. */
  finish(): Finding[] {
    for (const [code, count] of this.#leftOut) {
      this.#findings.push({ severity: FINDING_SEVERITY[code], code, message: `${count} more of these are left out` });
    }
    return this.#findings;
  }
}
