import { type Stack, wastedByLayer, wastedFiles } from '#changes';
import type { RewrittenReport, WasteReport } from '#contract';
import { escapePath } from '#model';

/** Reports bytes that the stack stores but no longer shows: the `limit` most wasteful files, and totals by the layer that wrote them. */
export function reportWaste(stack: Stack, limit: number, rewritten: RewrittenReport | null): WasteReport {
  return {
    wastedBytes: stack.totals.wastedBytes,
    files: wastedFiles(stack, limit).map(({ path, wastedBytes, layers }) => ({ path: escapePath(path), wastedBytes, layers })),
    byLayer: wastedByLayer(stack),
    rewritten,
  };
}
