// Builds dist/ (for chrome108: out/chrome108/): the renderer, the command line with its worker, and Electron's main, preload and worker.
// LAYERSCOPE_TARGET=chrome108 lowers what Electron loads for an old runtime (the specs' one); `--only renderer|cli|electron` builds a part.
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build, type InlineConfig } from 'vite';

const root = path.dirname(import.meta.dirname);
const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } });
const wanted = new Set(values.only ?? ['renderer', 'cli', 'electron']);
const old = process.env.LAYERSCOPE_TARGET === 'chrome108';
const out = old ? 'out/chrome108' : 'dist';
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };

interface Bundle {
  input: Record<string, string>;
  outDir: string;
  format: 'es' | 'cjs';
  target: string;
  external: (string | RegExp)[];
}

function nodeBundle({ input, outDir, format, target, external }: Bundle): InlineConfig {
  return {
    configFile: false,
    root,
    logLevel: 'warn',
    define: { 'process.env.LAYERSCOPE_VERSION': JSON.stringify(version) },
    ssr: { noExternal: true, external: ['koffi'], target: 'node' },
    build: {
      ssr: true,
      outDir,
      emptyOutDir: false,
      target,
      minify: false,
      sourcemap: false,
      rolldownOptions: {
        input,
        external,
        output: {
          format,
          entryFileNames: format === 'cjs' ? '[name].cjs' : '[name].js',
          chunkFileNames: format === 'cjs' ? 'chunks/[name]-[hash].cjs' : 'chunks/[name]-[hash].js',
        },
      },
    },
  };
}

const external = ['electron', 'koffi', /^node:/];

if (values.only === undefined) rmSync(path.join(root, out), { recursive: true, force: true });
if (wanted.has('renderer')) {
  await build({
    configFile: path.join(root, 'vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: path.join(root, out, 'renderer'), emptyOutDir: true },
  });
}
if (wanted.has('cli')) {
  // Chunks are named by their content: those of builds before would stay.
  rmSync(path.join(root, out, 'chunks'), { recursive: true, force: true });
  await build(
    nodeBundle({
      input: { cli: 'src/cli/main.ts', 'index-worker': 'src/archive/index-worker.ts', 'store-worker': 'src/engine/store-worker.ts' },
      outDir: out,
      format: 'es',
      target: 'node22',
      external,
    }),
  );
}
if (wanted.has('electron')) {
  const target = old ? 'node16' : 'node24';
  // One bundle an entry: a preload in a sandbox can't require chunks.
  for (const [name, entry] of [
    ['main', 'electron/main.ts'],
    ['preload', 'electron/preload.ts'],
    ['index-worker', 'src/archive/index-worker.ts'],
    ['store-worker', 'src/engine/store-worker.ts'],
  ] as const) {
    await build(nodeBundle({ input: { [name]: entry }, outDir: `${out}/electron`, format: 'cjs', target, external }));
  }
}
