import type { searchLayers } from './search-layers.ts';

/** Like `searchLayers`, but loads the expression engine, which few commands need, only when it is called. */
export async function findPaths(...wanted: Parameters<typeof searchLayers>): ReturnType<typeof searchLayers> {
  const { searchLayers: search } = await import('./search-layers.ts');
  return search(...wanted);
}
