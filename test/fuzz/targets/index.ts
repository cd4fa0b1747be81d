import type { Target } from '../engine/target.ts';

// Every target by name. Targets are loaded on demand, because each process needs only one. To add one, write a file next to this one that
// exports `target`, and list it here.
const TARGETS: Readonly<Record<string, () => Promise<{ readonly target: Target }>>> = {
  tar: () => import('./tar.ts'),
  pax: () => import('./pax.ts'),
  layer: () => import('./layer.ts'),
  gzip: () => import('./gzip.ts'),
  zstd: () => import('./zstd.ts'),
  xz: () => import('./xz.ts'),
  bzip2: () => import('./bzip2.ts'),
  manifests: () => import('./manifests.ts'),
  attestation: () => import('./attestation.ts'),
  'zip-list': () => import('./zip-list.ts'),
  rpmdb: () => import('./rpmdb.ts'),
  'packages-text': () => import('./packages-text.ts'),
  binaries: () => import('./binaries.ts'),
  'backup-stream': () => import('./backup-stream.ts'),
  'windows-tar': () => import('./windows-tar.ts'),
  'security-descriptor': () => import('./security-descriptor.ts'),
  hive: () => import('./hive.ts'),
  'hive-log': () => import('./hive-log.ts'),
  'tar-split': () => import('./tar-split.ts'),
  secrets: () => import('./secrets.ts'),
  wire: () => import('./wire.ts'),
  'frames-ipc': () => import('./frames-ipc.ts'),
  'frames-http': () => import('./frames-http.ts'),
  'frames-pipe': () => import('./frames-pipe.ts'),
  snapshot: () => import('./snapshot.ts'),
  apply: () => import('./apply.ts'),
  open: () => import('./open.ts'),
  bolt: () => import('./bolt.ts'),
  checkpoints: () => import('./checkpoints.ts'),
  toc: () => import('./toc.ts'),
  'catalog-files': () => import('./catalog-files.ts'),
};

export const TARGET_NAMES: readonly string[] = Object.keys(TARGETS);

/** Loads a target. `planted` is also allowed, for tests of the engine. */
export async function targetNamed(name: string): Promise<Target> {
  const load = name === 'planted' ? () => import('./planted.ts') : TARGETS[name];
  if (load === undefined) throw new Error(`no target ${name}`);
  return (await load()).target;
}
