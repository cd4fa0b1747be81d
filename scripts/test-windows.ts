// `npm run test:windows -- BASE.tar [LAYER.tar…]`: tests that run only on Windows, as an administrator: Windows' own layer calls on real
// layers, and a check for each risk, with a table of the results (docs/decisions/0006-proof-without-windows.md describes them and where to
// get the tars).
// `npm run test:windows -- --elevation`: the consent dialog and its result (0010-elevation.md), from a terminal that isn't elevated.
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const isOfElevation = process.argv[2] === '--elevation';
const tars = process.argv.slice(2).map((file) => path.resolve(process.env.INIT_CWD ?? '.', file));
if (process.platform !== 'win32') {
  console.error('layerscope: UNSUPPORTED: these tests need Windows with its Containers feature, and an administrator');
  process.exit(3);
}
if (!isOfElevation && tars.length === 0) {
  console.error('layerscope: USAGE: npm run test:windows -- BASE.tar [LAYER.tar…]: the plain tars of a Windows image, base first');
  process.exit(2);
}
const specs = isOfElevation ? ['elevation.test.ts'] : ['real.test.ts', 'risks.test.ts'];
// One file at a time, because the tests change Windows' mounts.
const files = specs.map((name) => path.join('test', 'windows', name));
const { status } = spawnSync(process.execPath, ['--test', '--test-concurrency=1', '--test-reporter=spec', ...files], {
  cwd: root,
  stdio: 'inherit',
  env: isOfElevation ? process.env : { ...process.env, LAYERSCOPE_LAYERS: tars.join(path.delimiter) },
});
process.exitCode = status ?? 1;
