// Builds dist/ (for chrome108: out/chrome108/): the renderer, the command line with its worker, and Electron's main, preload and worker.
// LAYERSCOPE_TARGET=chrome108 builds for the old Electron runtime of the specs; `--only renderer|cli|electron` builds one part.
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'vite';
import { cliBundles, electronBundles } from './bundles.ts';

const root = path.dirname(import.meta.dirname);
const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } });
const wanted = new Set(values.only ?? ['renderer', 'cli', 'electron']);
const old = process.env.LAYERSCOPE_TARGET === 'chrome108';
const out = old ? 'out/chrome108' : 'dist';

if (values.only === undefined) rmSync(path.join(root, out), { recursive: true, force: true });
if (wanted.has('renderer')) {
  await build({
    configFile: path.join(root, 'vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: path.join(root, out, 'renderer'), emptyOutDir: true },
  });
}
if (wanted.has('cli')) {
  // Chunk names contain a hash of the content, so old chunks would accumulate.
  rmSync(path.join(root, out, 'chunks'), { recursive: true, force: true });
  for (const bundle of cliBundles(out)) await build(bundle);
  // The program reads these files at run time. They aren't bundled, so that other programs can use them too.
  cpSync(path.join(root, 'src', 'catalog', 'questions'), path.join(root, out, 'questions'), { recursive: true });
  // Overrides the repository's package.json, whose type is `module`.
  writeFileSync(path.join(root, out, 'package.json'), `${JSON.stringify({ type: 'commonjs' })}\n`);
}
if (wanted.has('electron')) {
  for (const bundle of electronBundles(`${out}/electron`, old ? 'node16' : 'node24')) await build(bundle);
}
