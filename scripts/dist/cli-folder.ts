// The command line as contained in every package: the built program with the window's page for `layerscope serve`, the sample, completions
// and the manual page.
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from './commands.ts';

const root = path.resolve(import.meta.dirname, '..', '..');

interface Product {
  readonly [field: string]: unknown;
  readonly version: string;
  readonly dependencies: { readonly koffi: string };
}

/** Returns the repository's package.json. */
export function product(): Product {
  return JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Product;
}

export const COMPLETIONS = { bash: 'layerscope.bash', zsh: '_layerscope', fish: 'layerscope.fish' } as const;

/** Lays out the command line in a folder, replacing what is there. `dist` must be built. */
export function layOutCli(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const isShipped = (file: string): boolean => !file.endsWith('.map') && path.basename(file) !== '.built';
  for (const name of readdirSync(path.join(root, 'dist')))
    if (name !== 'electron') cpSync(path.join(root, 'dist', name), path.join(folder, 'dist', name), { recursive: true, filter: isShipped });
  for (const name of ['LICENSE', 'NOTICE']) cpSync(path.join(root, name), path.join(folder, name));
  cpSync(path.join(root, 'assets', 'sample.tar'), path.join(folder, 'assets', 'sample.tar'));
  const { name, version, description, license, author, type, bin, engines, dependencies } = product();
  const stated = { name, version, description, license, author, type, bin, man: './man/layerscope.1', engines };
  const withKoffi = { ...stated, optionalDependencies: { koffi: dependencies.koffi } };
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(withKoffi, null, 2)}\n`);
  const cli = path.join(folder, 'dist', 'cli.js');
  chmodSync(cli, 0o755);
  mkdirSync(path.join(folder, 'man'));
  writeFileSync(path.join(folder, 'man', 'layerscope.1'), run(process.execPath, [cli, 'man']));
  mkdirSync(path.join(folder, 'completions'));
  for (const [shell, file] of Object.entries(COMPLETIONS))
    writeFileSync(path.join(folder, 'completions', file), run(process.execPath, [cli, 'completion', shell]));
}
