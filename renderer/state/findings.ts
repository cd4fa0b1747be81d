import { FINDING_HINTS, type Finding, type FindingCode, type Severity } from '#model';

export interface FindingGroup {
  readonly code: FindingCode;
  readonly severity: Severity;
  readonly title: string;
  readonly hint: string;
  readonly findings: readonly Finding[];
}

const RANK: Record<Severity, number> = { error: 0, warning: 1, note: 2 };

/** Findings of the archive and of one image, grouped by code, the most severe first. */
export function groupFindings(findings: readonly Finding[], image: number): readonly FindingGroup[] {
  const groups = new Map<FindingCode, Finding[]>();
  for (const finding of findings) {
    if (finding.image !== undefined && finding.image !== image) continue;
    const group = groups.get(finding.code);
    if (group === undefined) groups.set(finding.code, [finding]);
    else group.push(finding);
  }
  return [...groups]
    .map(([code, members]) => {
      const { title, hint } = FINDING_HINTS[code];
      return { code, severity: members[0]?.severity ?? 'note', title, hint, findings: members };
    })
    .sort((a, b) => RANK[a.severity] - RANK[b.severity] || a.title.localeCompare(b.title, 'en'));
}
