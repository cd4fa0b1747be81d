import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { InlineConfig } from 'vite';

const root = path.dirname(import.meta.dirname);
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };

export interface Bundle {
  readonly input: Record<string, string>;
  /** Folder, relative to the repository. */
  readonly outDir: string;
  readonly format: 'es' | 'cjs';
  readonly target: string;
}

/**
 * Returns Vite's settings for code that runs on Node or in Electron's main process: in one piece, readable, with a source map beside each
 * file.
 */
export function nodeBundle({ input, outDir, format, target }: Bundle): InlineConfig {
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
      sourcemap: true,
      rolldownOptions: {
        input,
        external: ['electron', 'koffi', /^node:/],
        output: {
          format,
          entryFileNames: format === 'cjs' ? '[name].cjs' : '[name].js',
          chunkFileNames: format === 'cjs' ? 'chunks/[name]-[hash].cjs' : 'chunks/[name]-[hash].js',
        },
      },
    },
  };
}

/**
 * Returns the bundles of everything that Electron loads except the page. Each entry is one bundle, because a sandboxed preload can't
 * require chunks.
 */
export function electronBundles(outDir: string, target: string): InlineConfig[] {
  const entries = {
    main: 'electron/main.ts',
    preload: 'electron/preload.ts',
    'index-worker': 'src/archive/indexing/index-worker.ts',
    'store-worker': 'src/engine/store/thread/worker.ts',
  };
  return Object.entries(entries).map(([name, entry]) => nodeBundle({ input: { [name]: entry }, outDir, format: 'cjs', target }));
}
