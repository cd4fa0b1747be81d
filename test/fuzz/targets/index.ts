import type { Target } from '../engine/target.ts';

/** By name, loaded when asked for: each process needs one. */
const TARGETS: Readonly<Record<string, () => Promise<{ readonly target: Target }>>> = {
  tar: () => import('./tar.ts'),
  pax: () => import('./pax.ts'),
  layer: () => import('./layer.ts'),
  gzip: () => import('./gzip.ts'),
  zstd: () => import('./zstd.ts'),
  xz: () => import('./xz.ts'),
  bzip2: () => import('./bzip2.ts'),
  manifests: () => import('./manifests.ts'),
  'zip-list': () => import('./zip-list.ts'),
  'backup-stream': () => import('./backup-stream.ts'),
  'windows-tar': () => import('./windows-tar.ts'),
  'security-descriptor': () => import('./security-descriptor.ts'),
  'tar-split': () => import('./tar-split.ts'),
  wire: () => import('./wire.ts'),
  'frames-ipc': () => import('./frames-ipc.ts'),
  'frames-http': () => import('./frames-http.ts'),
  'frames-pipe': () => import('./frames-pipe.ts'),
  apply: () => import('./apply.ts'),
  open: () => import('./open.ts'),
};

export const TARGET_NAMES: readonly string[] = Object.keys(TARGETS);

/** `planted` beside those: it is for tests of the engine. */
export async function targetNamed(name: string): Promise<Target> {
  const load = name === 'planted' ? () => import('./planted.ts') : TARGETS[name];
  if (load === undefined) throw new Error(`no target ${name}`);
  return (await load()).target;
}
