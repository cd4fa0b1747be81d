import { type Stack, wastedByLayer, wastedFiles } from '#changes';
import type { RewrittenReport, WasteReport } from '#contract';
import { escapePath } from '#model';

/** What the stack carries and doesn't show: the `limit` files that waste most, and all of it by the layer that wrote it. */
export function reportWaste(stack: Stack, limit: number, rewritten: RewrittenReport | null): WasteReport {
  return {
    wastedBytes: stack.totals.wastedBytes,
    files: wastedFiles(stack, limit).map(({ path, wastedBytes, layers }) => ({ path: escapePath(path), wastedBytes, layers })),
    byLayer: wastedByLayer(stack),
    rewritten,
  };
}
