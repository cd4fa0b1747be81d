import type { PackageDifferencesReport } from '#contract';
import { differenceOf, type PackagePair, pairPackages } from './compare-packages.ts';
import { bySize } from './order.ts';
import { leadsTo } from './package-report.ts';
import type { ImagePackages } from './packages-of.ts';
import { hasText } from './text-filter.ts';

/** Which of the differing packages to return. */
export interface DifferencesWanted {
  /** Only packages that contain this text are returned, ignoring case; see {@link hasText}. */
  readonly text: string;
  readonly start: number;
  readonly count: number;
}

const KIND_ORDER: readonly PackagePair['kind'][] = ['added', 'modified', 'removed'];

/** Returns a page of the packages that differ between two views, for the window. */
export function packageDifferences(
  a: ImagePackages,
  b: ImagePackages,
  { text, start, count }: DifferencesWanted,
): PackageDifferencesReport {
  const wanted = text.toLowerCase();
  const [before, now] = [a.installed(), b.installed()];
  const pairs = pairPackages(before, now);
  const matching = pairs.filter((pair) => isWanted(pair, wanted));
  matching.sort((one, other) => KIND_ORDER.indexOf(one.kind) - KIND_ORDER.indexOf(other.kind) || bySize(weightOf(one), weightOf(other)));
  const number = (kind: PackagePair['kind']): number => pairs.filter((pair) => pair.kind === kind).length;
  return {
    packagesA: before.length,
    packagesB: now.length,
    added: number('added'),
    modified: number('modified'),
    removed: number('removed'),
    total: matching.length,
    rows: matching.slice(start, start + count).map((pair) => ({
      ...differenceOf(pair),
      path: pair.now === null ? leadsTo(pair.before, a.pathOf(pair.before.largest)) : leadsTo(pair.now, b.pathOf(pair.now.largest)),
    })),
    problems: a.problems.length + b.problems.length,
  };
}

function isWanted({ before, now }: PackagePair, wanted: string): boolean {
  const each = now ?? before;
  return hasText(each, [each.version, before?.version ?? ''], wanted);
}

/** Returns the size that a pair is sorted by: the bytes of its larger side. */
function weightOf({ before, now }: PackagePair): { bytes: number; filesKnown: boolean } {
  const filesKnown = (before?.filesKnown ?? true) && (now?.filesKnown ?? true);
  return { bytes: Math.max(before?.bytes ?? 0, now?.bytes ?? 0), filesKnown };
}
