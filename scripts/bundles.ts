import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { InlineConfig, Rolldown } from 'vite';

const root = path.dirname(import.meta.dirname);
/** Returns an id of a build's sources, so that a build never reads data that another build cached. */
function buildId(): string {
  const hash = createHash('sha256');
  for (const file of globSync('src/**/*.ts', { cwd: root }).sort()) hash.update(`${file}\0`).update(readFileSync(path.join(root, file)));
  return hash.digest('hex').slice(0, 16);
}

const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };

export interface Bundle {
  readonly input: Record<string, string>;
  /** Folder, relative to the repository. */
  readonly outDir: string;
  readonly format: 'es' | 'cjs';
  /** Default: `cjs` if the format is `cjs`, otherwise `js`. */
  readonly extension?: 'js';
  readonly target: string;
  /** How modules are grouped into chunks; default: the bundler decides. */
  readonly groups?: readonly Rolldown.CodeSplittingGroup[];
}

/**
 * Returns Vite's settings for code that runs on Node or in Electron's main process: one bundle, readable, with a source map next to each
 * file.
 */
export function nodeBundle({ input, outDir, format, extension, target, groups }: Bundle): InlineConfig {
  const ending = extension ?? (format === 'cjs' ? 'cjs' : 'js');
  return {
    configFile: false,
    root,
    logLevel: 'warn',
    define: { 'process.env.LAYERSCOPE_VERSION': JSON.stringify(version), 'process.env.LAYERSCOPE_BUILD': JSON.stringify(buildId()) },
    ssr: { noExternal: true, external: ['koffi', '@duckdb/node-api'], target: 'node' },
    build: {
      ssr: true,
      outDir,
      emptyOutDir: false,
      target,
      minify: false,
      sourcemap: true,
      rolldownOptions: {
        input,
        external: ['electron', 'koffi', '@duckdb/node-api', /^node:/],
        output: {
          format,
          // Without comments, the bundle is a third shorter but still readable in stack traces. ASCII only, because Node reads and compares
          // such text faster.
          comments: false,
          minify: { compress: false, mangle: false, codegen: { removeWhitespace: false, asciiOnly: true } },
          entryFileNames: `[name].${ending}`,
          chunkFileNames: `chunks/[name]-[hash].${ending}`,
          ...(groups === undefined ? {} : { codeSplitting: { groups: [...groups] } }),
        },
      },
    },
  };
}

const OWN = /[\\/]src[\\/]/;
/** Modules that aren't needed to list a file's layers: engines and registries, packages, entries written to disk. */
const LOADED_LATER =
  /[\\/]src[\\/](source|packages|disk|engine[\\/](packages|export|provenance)|format[\\/](bolt|reference|soci|windows-tar)|cli[\\/]user-sources)/;

/** Minimum number of commands that use a module for it to go into the common bundle. */
const COMMON_COMMANDS = 6;

/**
 * Returns the bundles of the command line and its workers. Loading another file takes longer than compiling unused code, so there are few
 * bundles: what every run needs, what most commands need, and the rest, each loaded when needed. Each worker is a separate file. All are
 * CommonJS, because an `import` of a Node module loads everything that its exports need: for `node:util`, it would even open standard
 * error.
 */
export function cliBundles(outDir: string): InlineConfig[] {
  const base = { outDir, format: 'cjs', extension: 'js', target: 'node22' } as const;
  const groups = [
    { name: 'start', tags: ['$initial' as const], priority: 2 },
    { name: 'reading', test: (id: string) => OWN.test(id) && !LOADED_LATER.test(id), minShareCount: COMMON_COMMANDS, priority: 1 },
  ];
  return [
    nodeBundle({ ...base, input: { cli: 'src/cli/main.ts' }, groups }),
    nodeBundle({ ...base, input: { 'index-worker': 'src/archive/indexing/index-worker.ts' } }),
    nodeBundle({ ...base, input: { 'store-worker': 'src/engine/store/thread/worker.ts' } }),
    nodeBundle({ ...base, input: { 'catalog-worker': 'src/catalog/browse/worker.ts' } }),
  ];
}

/**
 * Returns the bundles of everything that Electron loads except the page. Each entry is a single bundle, because a sandboxed preload can't
 * require chunks.
 */
export function electronBundles(outDir: string, target: string): InlineConfig[] {
  const entries = {
    main: 'electron/main.ts',
    preload: 'electron/preload.ts',
    'index-worker': 'src/archive/indexing/index-worker.ts',
    'store-worker': 'src/engine/store/thread/worker.ts',
    'catalog-worker': 'src/catalog/browse/worker.ts',
  };
  return Object.entries(entries).map(([name, entry]) => nodeBundle({ input: { [name]: entry }, outDir, format: 'cjs', target }));
}
