import path from 'node:path';
import { build } from 'vite';

const root = path.resolve(import.meta.dirname, '..', '..', '..');

/** Bundles the store's thread with the stand-in for vmcompute.dll, built for `target`. Returns the bundle's path. */
export async function buildStandInWorker(target: 'current' | 'chrome108'): Promise<string> {
  const outDir = path.join(root, 'out', 'stand-in', target);
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    ssr: { noExternal: true, external: ['koffi'], target: 'node' },
    build: {
      ssr: true,
      outDir,
      emptyOutDir: true,
      target: target === 'current' ? 'node22' : 'node16',
      minify: false,
      rolldownOptions: {
        input: { 'stand-in-worker': path.join(import.meta.dirname, 'stand-in-worker.ts') },
        external: ['koffi', /^node:/],
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  });
  return path.join(outDir, 'stand-in-worker.cjs');
}
