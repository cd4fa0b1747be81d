// `npm run test:wine [-- calls|driver|failures|faults|files|elevation|images|half-made|tp4|real|layers]`: tests the Windows driver in
// Windows' node.exe under Wine. kernel32 and advapi32 are Wine's; vmcompute.dll and Backup* are a stand-in compiled with mingw. Node 22 is
// the newest that runs on Wine 8, so the tests are bundled for it. node.exe is started with ../shared/tools/wine-node or the command in
// LAYERSCOPE_WINE_NODE. If something is missing, reports it and ends; with LAYERSCOPE_REQUIRE_WINE=1, fails.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'vite';
import { buildStandIn, hasCompiler } from '../test/native/build.ts';

const root = path.dirname(import.meta.dirname);
const out = path.join(root, 'out', 'wine');
const SPECS = {
  calls: 'test/driver/native/calls.test.ts',
  driver: 'test/driver/native/windows-driver.test.ts',
  failures: 'test/driver/native/failures.test.ts',
  faults: 'test/driver/native/driver-faults.test.ts',
  files: 'test/wine/files.test.ts',
  elevation: 'test/wine/elevation.test.ts',
  images: 'test/driver/native/base-images.test.ts',
  'half-made': 'test/driver/native/half-made.test.ts',
  tp4: 'test/driver/native/tp4.test.ts',
  real: 'test/windows/real.test.ts',
  ...(existsSync(path.join(root, '..', 'shared')) ? { layers: 'test/shared/windows-round-trip.test.ts' } : {}),
};
/** Scripts started by tests. */
const HELPERS = { 'elevation-host': 'test/wine/elevation-host.ts' };

function missing(): string | null {
  if (spawnSync('wine', ['--version'], { stdio: 'ignore' }).error !== undefined) return 'no Wine (Debian: wine, wine64)';
  if (!hasCompiler('windows')) return 'no mingw (Debian: gcc-mingw-w64-x86-64)';
  return existsSync(runner) ? null : `nothing to run Windows' node.exe: set LAYERSCOPE_WINE_NODE`;
}

/** Returns a file's path as programs under Wine see it. */
function seenByWine(file: string): string {
  return `Z:${file.replaceAll('/', '\\')}`;
}

async function bundle(): Promise<void> {
  rmSync(out, { recursive: true, force: true });
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    ssr: { noExternal: true, external: ['koffi'], target: 'node' },
    build: {
      ssr: true,
      outDir: out,
      target: 'node22',
      minify: false,
      rolldownOptions: {
        input: Object.fromEntries(Object.entries({ ...SPECS, ...HELPERS }).map(([name, file]) => [name, path.join(root, file)])),
        external: ['koffi', /^node:/],
        output: { format: 'es', entryFileNames: '[name].mjs', chunkFileNames: 'chunks/[name]-[hash].mjs' },
      },
    },
  });
}

const runner = process.env.LAYERSCOPE_WINE_NODE ?? path.join(root, '..', 'shared', 'tools', 'wine-node');
const lacking = missing();
if (lacking !== null) {
  console.log(`not run: the tests under Wine: ${lacking}`);
  process.exit(process.env.LAYERSCOPE_REQUIRE_WINE === '1' ? 1 : 0);
}
await bundle();
const env = {
  ...process.env,
  T: '900',
  LAYERSCOPE_STAND_IN: seenByWine(buildStandIn({ system: 'windows' })),
  LAYERSCOPE_STAND_IN_TP4: seenByWine(buildStandIn({ system: 'windows', tp4: true })),
};
let failed = false;
const wanted = process.argv.slice(2);
for (const name of Object.keys(SPECS).filter((known) => wanted.length === 0 || wanted.includes(known))) {
  console.log(`\n— under Wine: ${name}`);
  const shim = `file:///${seenByWine(path.join(root, 'test', 'wine', 'node22-shim.mjs')).replaceAll('\\', '/')}`;
  const args = ['--import', shim, '--test-reporter=spec', path.join('out', 'wine', `${name}.mjs`)];
  const { status } = spawnSync(runner, args, { cwd: root, env, stdio: 'inherit' });
  if (status !== 0) failed = true;
}
console.log(failed ? '\nsomething failed under Wine: see above' : '\nall passed under Wine');
process.exitCode = failed ? 1 : 0;
