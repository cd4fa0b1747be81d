import { type Finding, type FindingCode, grouped, type Severity } from '#model';
import { words } from '../words/index.ts';

export interface FindingGroup {
  readonly code: FindingCode;
  readonly severity: Severity;
  readonly title: string;
  readonly hint: string;
  readonly findings: readonly Finding[];
}

const RANK: Record<Severity, number> = { error: 0, warning: 1, note: 2 };

export function isSecret(code: FindingCode): boolean {
  return code.startsWith('secret-');
}

/** Whether a finding says that content doesn't match its stated digest. */
export function isMismatch(code: FindingCode): boolean {
  return code === 'digest-mismatch' || code === 'diffid-mismatch';
}

/** Whether a finding is a secret that matters, rather than a note about, say, an encrypted key. */
export function isOpenSecret({ code, severity }: Pick<Finding, 'code' | 'severity'>): boolean {
  return isSecret(code) && severity !== 'note';
}

/** Counts the secrets, and the other findings by severity. */
export function countFindings(groups: readonly FindingGroup[]): FindingCounts {
  const counts = { secret: 0, minorSecret: 0, error: 0, warning: 0, note: 0 };
  for (const { findings } of groups) for (const each of findings) counts[countedAs(each)]++;
  return counts;
}

function countedAs(finding: Finding): keyof FindingCounts {
  if (isOpenSecret(finding)) return 'secret';
  return isSecret(finding.code) ? 'minorSecret' : finding.severity;
}

export type FindingCounts = Readonly<Record<'secret' | 'minorSecret' | Severity, number>>;

/**
 * Returns the findings of the archive and of one image, grouped by code: the most severe first, then those with the most bytes. Findings
 * within a group are sorted the same way, and then by layer and path.
 */
export function groupFindings(findings: readonly Finding[], image: number): readonly FindingGroup[] {
  const shown = findings.filter((finding) => finding.image === undefined || finding.image === image);
  return [...grouped(shown, ({ code }) => code)]
    .map(([key, members]) => {
      const code = key as FindingCode;
      const { title, hint } = words.findings.codes[code];
      // Secrets with the same code may differ in severity: an encrypted key is only a note.
      const sorted = [...members].sort(compareMembers);
      return { code, severity: sorted[0]?.severity ?? 'note', title, hint, findings: sorted };
    })
    .sort(
      (a, b) => RANK[a.severity] - RANK[b.severity] || bytesOf(b.findings) - bytesOf(a.findings) || a.title.localeCompare(b.title, 'en'),
    );
}

function compareMembers(a: Finding, b: Finding): number {
  const [pathA, pathB] = [a.path ?? '', b.path ?? ''];
  return (
    RANK[a.severity] - RANK[b.severity] ||
    (b.bytes ?? 0) - (a.bytes ?? 0) ||
    (a.layer ?? -1) - (b.layer ?? -1) ||
    (pathA < pathB ? -1 : Number(pathA > pathB))
  );
}

function bytesOf(findings: readonly Finding[]): number {
  return findings.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
}
