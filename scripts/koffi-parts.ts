// Provides koffi's native part for each processor that packages are made for. npm installs only the one for this machine.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { builderConfig } from './fuses.ts';

const root = path.dirname(import.meta.dirname);
const SECTIONS: Partial<Record<NodeJS.Platform, string>> = { win32: 'win', linux: 'linux', darwin: 'mac' };

interface Target {
  readonly arch?: readonly string[];
}

/** Returns the processors for which electron-builder.yml makes packages on this system. */
export function packagedArchs(): readonly string[] {
  const section = builderConfig()[SECTIONS[process.platform] ?? ''] as { readonly target?: readonly (string | Target)[] } | undefined;
  const named = (section?.target ?? []).flatMap((target) => (typeof target === 'string' ? [] : (target.arch ?? [])));
  return [...new Set([process.arch, ...named])];
}

/** Returns the name of the package with koffi's native part, without the scope `@koromix`. */
export function koffiPart(arch: string): string {
  return `koffi-${process.platform}-${arch}`;
}

/**
 * Returns the folder of the package with koffi's native part. For another processor, installs the package below `out`, in the version
 * stated in package-lock.json.
 */
export function koffiPartFolder(arch: string): string {
  const installed = path.join(root, 'node_modules', '@koromix', koffiPart(arch));
  if (existsSync(installed)) return installed;
  const folder = path.join(root, 'out', koffiPart(arch));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of ['package.json', 'package-lock.json', '.npmrc']) {
    if (existsSync(path.join(root, name))) copyFileSync(path.join(root, name), path.join(folder, name));
  }
  const args = ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', `--os=${process.platform}`, `--cpu=${arch}`];
  const { status, stderr } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8', shell: process.platform === 'win32' });
  const part = path.join(folder, 'node_modules', '@koromix', koffiPart(arch));
  if (status !== 0 || !existsSync(part)) throw new Error(`npm ci didn't install ${koffiPart(arch)}: ${stderr}`);
  return part;
}

/**
 * Returns the processor that a native file is for: `x64` or `arm64`; null for others. Sources: ELF e_machine, PE Machine, Mach-O cputype.
 */
function archOf(file: string): string | null {
  const bytes = readFileSync(file);
  const magic = bytes.readUInt32BE(0);
  if (magic === 0x7f454c46) return { 62: 'x64', 183: 'arm64' }[bytes.readUInt16LE(18)] ?? null;
  if (magic === 0xcffaedfe) return { 16777223: 'x64', 16777228: 'arm64' }[bytes.readUInt32LE(4)] ?? null;
  if (magic >>> 16 !== 0x4d5a) return null;
  return { 34404: 'x64', 43620: 'arm64' }[bytes.readUInt16LE(bytes.readUInt32LE(0x3c) + 4)] ?? null;
}

/**
 * Checks that a package, given by the folder of its `app.asar`, contains koffi's part for the given processor only. Returns the part's
 * files. Throws otherwise.
 */
export function checkKoffiPart(resources: string, arch: string): readonly string[] {
  const scope = path.join(resources, 'app.asar.unpacked', 'node_modules', '@koromix');
  const parts = existsSync(scope) ? readdirSync(scope) : [];
  if (parts.join() !== koffiPart(arch)) throw new Error(`the package for ${arch} has ${parts.join(', ') || 'no part of koffi'}`);
  const natives = readdirSync(scope, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.node'));
  const wrong = natives.filter((file) => archOf(path.join(scope, file)) !== arch);
  if (natives.length === 0 || wrong.length > 0) throw new Error(`the package for ${arch} has native files for others: ${wrong.join(', ')}`);
  return natives.sort();
}
