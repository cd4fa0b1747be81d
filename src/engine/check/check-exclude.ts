import { figuresWithout } from '#changes';
import { PathMatcher } from '#format/path';
import { type Finding, type ImageReport, throwIfCancelled, unescapePath } from '#model';
import type { LoadedImage } from '../image/types.ts';

/** What remains to be checked after excluding paths. */
export interface Checked {
  readonly report: ImageReport;
  readonly findings: readonly Finding[];
  /** Total size of the excluded files. */
  readonly excludedBytes: number;
}

/**
 * Returns the image's figures and findings without paths that match a pattern (see {@link PathMatcher}). Bytes belong to the path whose
 * entry stores them. `findings` are those of the image and its archive; those without a path stay. Throws TOO_LARGE if the patterns take
 * too long, CANCELLED.
 */
export async function withoutExcluded(
  { stack, report }: Pick<LoadedImage, 'stack' | 'report'>,
  findings: readonly Finding[],
  patterns: readonly string[],
  signal?: AbortSignal,
): Promise<Checked> {
  if (patterns.length === 0) return { report, findings, excludedBytes: 0 };
  const matcher = new PathMatcher(patterns, { ignoreCase: stack.caseInsensitive });
  const rest = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    throwIfCancelled(signal);
  };
  const { layerBytes, fileBytes, finalBytes } = await figuresWithout(stack, matcher, rest);
  const kept: Finding[] = [];
  for (const finding of findings) {
    await rest();
    if (finding.path === undefined || !matcher.matches(unescapePath(finding.path))) kept.push(finding);
  }
  const efficiency = fileBytes === 0 ? 1 : finalBytes / fileBytes;
  return {
    report: {
      ...report,
      layers: report.layers.map((layer) => ({ ...layer, fileBytes: layerBytes[layer.index] ?? 0 })),
      totals: { ...report.totals, fileBytes, finalBytes, wastedBytes: fileBytes - finalBytes, efficiency },
    },
    findings: kept,
    excludedBytes: report.totals.fileBytes - fileBytes,
  };
}
