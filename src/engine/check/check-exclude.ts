import { figuresWithout } from '#changes';
import { createPathMatcher } from '#format/path';
import { type Finding, type ImageReport, unescapePath } from '#model';
import type { LoadedImage } from '../image/types.ts';

/** What remains to be checked after excluding paths. */
export interface Checked {
  readonly report: ImageReport;
  readonly findings: readonly Finding[];
  /** Total size of the excluded files. */
  readonly excludedBytes: number;
}

/**
 * Returns the image's figures and findings without paths that match a pattern (see createPathMatcher). Bytes belong to the path whose
 * entry stores them. `findings` are those of the image and its archive; those without a path stay.
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
