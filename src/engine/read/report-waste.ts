import { wastedByLayer, wasteOf } from '#changes';
import type { RewrittenReport, WasteKindReport, WastePlaceReport, WasteReport } from '#contract';
import { escapePath, type Finding, isWasteCode, unescapePath, WASTE_KINDS, type WasteCode } from '#model';
import type { LoadedImage } from '../image/types.ts';

/**
 * Reports bytes that the stack stores but no longer shows: the `limit` most wasteful files, totals by cause, and totals by the layer that
 * wrote them. `kinds` come from the image's findings, with at most `limit` places each.
 */
export function reportWaste(
  { stack, findings }: Pick<LoadedImage, 'stack' | 'findings'>,
  limit: number,
  rewritten: RewrittenReport | null,
): WasteReport {
  const unchanged = (rewritten?.files ?? []).map(({ path, bytes }) => ({ path: unescapePath(path), bytes }));
  const { files, groups } = wasteOf(stack, limit, unchanged);
  return {
    wastedBytes: stack.totals.wastedBytes,
    files: files.map((file) => ({ ...file, path: escapePath(file.path) })),
    groups,
    byLayer: wastedByLayer(stack),
    rewritten,
    kinds: wasteKinds(findings, limit),
  };
}

function wasteKinds(findings: readonly Finding[], limit: number): WasteKindReport[] {
  const kinds = new Map<WasteCode, WastePlaceReport[]>();
  for (const { code, path, layer, bytes, removedIn, of } of findings) {
    if (!isWasteCode(code) || layer === undefined || bytes === undefined) continue;
    const places = kinds.get(code) ?? [];
    kinds.set(code, places);
    places.push({
      path: path ?? null,
      layer,
      bytes,
      ...(removedIn === undefined ? {} : { removedIn }),
      ...(of === undefined ? {} : { of }),
    });
  }
  return [...kinds]
    .map(([code, places]) => ({
      code,
      bytes: places.reduce((sum, { bytes }) => sum + bytes, 0),
      hadolint: WASTE_KINDS[code].hadolint ?? null,
      count: places.length,
      places: places.sort((a, b) => b.bytes - a.bytes).slice(0, limit),
    }))
    .sort((a, b) => b.bytes - a.bytes);
}
