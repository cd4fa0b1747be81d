import { figuresWithout } from '#changes';
import { createPathMatcher } from '#format/path';
import { type Finding, type ImageReport, unescapePath } from '#model';
import type { LoadedImage } from '../image/types.ts';

/** What is left to be checked where paths are excluded. */
export interface Checked {
  readonly report: ImageReport;
  readonly findings: readonly Finding[];
  /** Of the files that count for no rule. */
  readonly excludedBytes: number;
}

/**
 * The image's figures and findings without those of paths that a pattern matches (see createPathMatcher); a body is of the path whose
 * entry brought it. `findings`: those of the image and its archive; what is about no path stays.
 */
export function withoutExcluded(
  { stack, report }: Pick<LoadedImage, 'stack' | 'report'>,
  findings: readonly Finding[],
  patterns: readonly string[],
): Checked {
  if (patterns.length === 0) return { report, findings, excludedBytes: 0 };
  const isExcluded = createPathMatcher(patterns, { ignoreCase: stack.caseInsensitive });
  const { layerBytes, fileBytes, finalBytes } = figuresWithout(stack, isExcluded);
  const efficiency = fileBytes === 0 ? 1 : finalBytes / fileBytes;
  return {
    report: {
      ...report,
      layers: report.layers.map((layer) => ({ ...layer, fileBytes: layerBytes[layer.index] ?? 0 })),
      totals: { ...report.totals, fileBytes, finalBytes, wastedBytes: fileBytes - finalBytes, efficiency },
    },
    findings: findings.filter(({ path }) => path === undefined || !isExcluded(unescapePath(path))),
    excludedBytes: report.totals.fileBytes - fileBytes,
  };
}
