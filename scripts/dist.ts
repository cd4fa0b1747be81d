// `npm run dist [-- --check] [-- --quick] [-- --fresh] [-- --only deb,rpm,tar.gz,AppImage] [-- --release]`: this system's packages, in
// out/dist, with their SBOM, licences and SHA256SUMS. On Linux deb, rpm, tar.gz and AppImage, without a download if
// ELECTRON_OVERRIDE_DIST_PATH names a runtime; elsewhere electron-builder's own installers. `--check` installs, starts and removes the
// packages (as root, in a throwaway layer over this system), and runs the system's own checks. `--fresh` also checks them on freshly
// installed Debian systems. `--quick` compresses quickly and leaves out lintian and rpmlint, for everyday checks. `--release` also makes
// packages for other processors, and the command line by itself.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { checkAll } from './dist/check-linux.ts';
import { product } from './dist/cli-folder.ts';
import { missingPrograms, refuse } from './dist/commands.ts';
import { appImageRuntime, makeAppImage, makeDeb, makeRpm, makeTarball, type PackageInput, sizeText } from './dist/linux-packages.ts';
import { writeSums } from './dist/sums.ts';
import { packagedArchs } from './koffi-parts.ts';

const root = path.dirname(import.meta.dirname);
const out = path.join(root, 'out', 'dist');
const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    fresh: { type: 'boolean', default: false },
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    release: { type: 'boolean', default: false },
  },
});

const KINDS = ['deb', 'rpm', 'tar.gz', 'AppImage'] as const;
type Kind = (typeof KINDS)[number];
const NEEDS: Readonly<Record<Kind, readonly string[]>> = {
  deb: ['dpkg-deb'],
  rpm: ['rpmbuild'],
  'tar.gz': ['tar', 'gzip'],
  AppImage: ['mksquashfs'],
};

/** Returns the kinds of packages to make; ends the process with a one-line message if a program that they need is missing. */
function kindsToMake(): readonly Kind[] {
  const asked = values.only?.split(',') ?? KINDS;
  const unknown = asked.filter((kind) => !KINDS.some((known) => known === kind));
  if (unknown.length > 0) refuse(`--only knows ${KINDS.join(', ')}, not ${unknown.join(', ')}`);
  const kinds = KINDS.filter((kind) => asked.includes(kind));
  const missing = missingPrograms([...new Set(kinds.flatMap((kind) => NEEDS[kind]))]);
  if (missing.length > 0) refuse(`dist needs ${missing.join(', ')}; or name what to make with --only`);
  if (!kinds.includes('AppImage') || appImageRuntime() !== null) return kinds;
  const need = 'LAYERSCOPE_APPIMAGE_RUNTIME, a file of the AppImage project that begins every AppImage (runtime-x86_64)';
  if (values.only !== undefined || values.release) refuse(`the AppImage needs ${need}`);
  console.log(`not made: the AppImage, which needs ${need}`);
  return kinds.filter((kind) => kind !== 'AppImage');
}

/** Runs another script in this folder; exits with its code if it fails. */
function script(name: string, args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [path.join(root, 'scripts', name), ...args], { stdio: 'inherit', cwd: root });
  if (status !== 0) process.exit(status ?? 1);
}

/** Makes electron-builder's installers from what `pack` staged, on Windows and macOS. */
function makeInstallers(): void {
  const cli = createRequire(import.meta.url).resolve('electron-builder/cli.js');
  const { status } = spawnSync(process.execPath, [cli, '--publish=never'], { stdio: 'inherit', cwd: root });
  if (status !== 0) refuse('electron-builder made no installers; its reason is above');
  const packed = path.join(root, 'out', 'packed');
  for (const name of readdirSync(packed))
    if (/\.(exe|msi|zip|dmg)$/.test(name)) copyFileSync(path.join(packed, name), path.join(out, name));
}

function makeForLinux(kinds: readonly Kind[], arch: string): Readonly<Partial<Record<Kind, string>>> {
  const unpacked = path.join(root, 'out', 'packed', arch === 'x64' ? 'linux-unpacked' : `linux-${arch}-unpacked`);
  const work = path.join(root, 'out', `trees-${arch}`);
  const input: PackageInput = { unpacked, arch, work, out, quick: values.quick };
  const runtime = appImageRuntime();
  const make: Readonly<Record<Kind, () => string>> = {
    deb: () => makeDeb(input),
    rpm: () => makeRpm(input),
    'tar.gz': () => makeTarball(input),
    AppImage: () => makeAppImage(input, runtime ?? ''),
  };
  return Object.fromEntries(kinds.map((kind) => [kind, make[kind]()]));
}

const onLinux = process.platform === 'linux';
const kinds = onLinux ? kindsToMake() : [];
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
script('pack.ts', [...(values.check ? ['--check'] : []), ...(values.release ? ['--release'] : [])]);
if (values.release) script('dist-cli.ts', values.check ? ['--check'] : []);
const made: Partial<Record<Kind, string>>[] = [];
if (onLinux) for (const arch of values.release ? packagedArchs() : [process.arch]) made.push(makeForLinux(kinds, arch));
else makeInstallers();
for (const name of ['licenses.html', 'sbom.cdx.json'])
  copyFileSync(path.join(root, 'out', 'stage-documents', name), path.join(out, `layerscope-${product().version}-${name}`));
for (const name of writeSums(out)) console.log(`${path.join('out', 'dist', name)}: ${sizeText(path.join(out, name))}`);
const [own] = made;
if (values.check && own !== undefined) await checkAll(own, { fresh: values.fresh, quick: values.quick, out });
