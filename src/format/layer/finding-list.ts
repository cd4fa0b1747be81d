import { FINDING_SEVERITY, type Finding, type FindingCode, finding } from '#model';

/** Findings of one code that a layer keeps; a tar can hold millions. */
const MAX_FINDINGS_PER_CODE = 1000;

/** Findings in order, bounded for each code. */
export class FindingList {
  readonly #findings: Finding[] = [];
  readonly #counts = new Map<FindingCode, number>();

  /** Keeps the finding, or only counts it. The path is asked for only where it is kept. */
  add(code: FindingCode, message: string, offset: number, path: () => string | undefined): void {
    const count = (this.#counts.get(code) ?? 0) + 1;
    this.#counts.set(code, count);
    if (count > MAX_FINDINGS_PER_CODE) return;
    const shown = path();
    this.#findings.push(finding(code, message, shown === undefined ? { offset } : { offset, path: shown }));
  }

  /** All of them, and for each code with more a last one that says how many. */
  finish(): Finding[] {
    for (const [code, count] of this.#counts) {
      const left = count - MAX_FINDINGS_PER_CODE;
      if (left > 0) this.#findings.push({ severity: FINDING_SEVERITY[code], code, message: `${left} more of these are left out` });
    }
    return this.#findings;
  }
}
