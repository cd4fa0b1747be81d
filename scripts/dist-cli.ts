// `npm run dist:cli [-- --check]`: the command line by itself, in out/dist: an npm package, and a tarball for machines without npm. Both
// contain the built program with the window's page for `layerscope serve`, completions and the manual page, and depend only on Node; koffi,
// which only Windows' drivers need, is optional. `--check` installs both in a temporary folder and runs them, with other versions of Node
// too.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { layOutCli, product } from './dist/cli-folder.ts';
import { run } from './dist/commands.ts';
import { writeSums } from './dist/sums.ts';
import { buildIfStale } from './stale.ts';

const root = path.dirname(import.meta.dirname);
const out = path.join(root, 'out', 'dist');
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const { version } = product();

/** Lays out the command line, with the README and the changelog that a separate package needs. */
function stage(folder: string): void {
  layOutCli(folder);
  for (const name of ['README.md', 'CHANGELOG.md']) cpSync(path.join(root, name), path.join(folder, name));
}

/** Adds `bin/layerscope` to the tarball's root. This launcher finds the program next to it, even when started through a link. */
function addLauncher(folder: string): void {
  mkdirSync(path.join(folder, 'bin'));
  symlinkSync('../dist/cli.js', path.join(folder, 'bin', 'layerscope'));
}

function makePackages(): { readonly npm: string; readonly tarball: string } {
  mkdirSync(out, { recursive: true });
  for (const name of readdirSync(out)) if (/^layerscope-(cli-)?\d[^-]*\.(tgz|tar\.gz)$/.test(name)) rmSync(path.join(out, name));
  const named = path.join(root, 'out', 'cli', `layerscope-${version}`);
  stage(named);
  const npm = path.join(out, run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', out], { cwd: named }).trim());
  addLauncher(named);
  const tarball = path.join(out, `layerscope-cli-${version}.tar.gz`);
  // Makes the tar the same for the same input: sorted names, and no owner or time from this machine.
  const same = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0', '--format=gnu'];
  run('tar', [...same, '--use-compress-program=gzip -9n', '-cf', tarball, '-C', path.dirname(named), path.basename(named)]);
  return { npm, tarball };
}

/** The oldest supported version of Node, and the two current ones. */
const NODES = ['20', '22', '24'] as const;

/** Tries a `layerscope` command as a user would: asks for its version, opens an image, uses a store. */
function checkProgram(what: string, program: string, args: readonly string[], sample: string, env: NodeJS.ProcessEnv): void {
  const told = run(program, [...args, '--version'], { env }).trim();
  if (told !== version) throw new Error(`${what}: --version says ${told}`);
  const { images } = JSON.parse(run(program, [...args, 'inspect', sample, '--json'], { env })) as { images: unknown[] };
  if (images.length === 0) throw new Error(`${what}: inspect found no image in the sample`);
  run(program, [...args, 'store', 'import', sample, '--name', 'check:1'], { env });
  if (!run(program, [...args, 'store', 'list'], { env }).includes('check:1')) throw new Error(`${what}: the store lacks what it imported`);
  console.log(`ok: ${what}`);
}

function check({ npm, tarball }: { readonly npm: string; readonly tarball: string }): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-dist-'));
  try {
    const sample = path.join(root, 'assets', 'sample.tar');
    const envOf = (name: string): NodeJS.ProcessEnv => {
      const home = path.join(folder, name);
      mkdirSync(home);
      return { ...process.env, HOME: home, XDG_DATA_HOME: home, XDG_CACHE_HOME: home, LAYERSCOPE_CACHE: path.join(home, 'cache') };
    };
    run('tar', ['-xf', tarball, '-C', folder]);
    const link = path.join(folder, 'layerscope-link');
    symlinkSync(path.join(folder, `layerscope-${version}`, 'bin', 'layerscope'), link);
    checkProgram('the tarball, through a link', link, [], sample, envOf('tarball'));
    for (const node of NODES) {
      const place = path.join(folder, `node-${node}`);
      mkdirSync(place);
      writeFileSync(path.join(place, 'package.json'), '{ "private": true }');
      // Installed without koffi, as on a system for which koffi has no native part.
      run('npm', ['install', '--no-audit', '--no-fund', '--omit=optional', npm], { cwd: place });
      // The package that npm's `node` package would install through a script.
      const runtime = `node-${process.platform}-${process.arch}`;
      run('npm', ['install', '--no-audit', '--no-fund', '--no-save', `${runtime}@${node}`], { cwd: place });
      const binary = path.join(place, 'node_modules', runtime, 'bin', 'node');
      const installed = run(binary, ['--version']).trim();
      checkProgram(
        `the npm package, by Node ${installed}`,
        binary,
        [path.join(place, 'node_modules', '.bin', 'layerscope')],
        sample,
        envOf(`home-${node}`),
      );
    }
    checkProgram('npx, by file', 'npx', ['--yes', `--package=${npm}`, 'layerscope'], sample, envOf('npx'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

buildIfStale('current');
const made = makePackages();
for (const file of [made.npm, made.tarball]) console.log(path.relative(root, file));
writeSums(out);
if (values.check) check(made);
