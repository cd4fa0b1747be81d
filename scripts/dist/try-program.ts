// Uses a package as an ordinary user would: the command line, and the window in its sandbox.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { product } from './cli-folder.ts';
import { run } from './commands.ts';
import { checkSandbox, openDisplay, openSample, startWindow } from './window-check.ts';

/** The ordinary user for checks: nobody, who exists on every Linux system. */
export const NOBODY = 65_534;

export interface Trial {
  /** The program that starts both the window and the command line. */
  readonly command: string;
  /** A folder that the user owns. */
  readonly home: string;
  /** An image file that the user may read. */
  readonly image: string;
  /** The command that switches to the user; a program and its arguments follow. */
  readonly as: readonly string[];
  /** A large image that the user may read, and its minimum number of entries. */
  readonly many?: { readonly file: string; readonly least: number };
}

const ROWS = "document.querySelectorAll('[role=treegrid] [role=row]').length > 2";

/** Returns the program and arguments that run the package's command as the user, in a clean environment. */
function wordsOf({ command, home, as }: Trial, env: Readonly<Record<string, string>>): readonly [string, readonly string[]] {
  const always = { HOME: home, PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' };
  const set = Object.entries({ ...always, ...env }).map(([name, value]) => `${name}=${value}`);
  const [program = '', ...first] = [...as, 'env', '-i', '-C', home, ...set, command];
  return [program, first];
}

/** Uses a package's command line. Throws if anything doesn't work. */
export function tryCommandLine(what: string, trial: Trial): void {
  const { image, many } = trial;
  const [program, first] = wordsOf(trial, {});
  const cli = (...args: string[]): string => run(program, [...first, ...args]);
  const told = cli('--version').trim();
  if (told !== product().version) throw new Error(`${what}: --version says ${told}`);
  const { images } = JSON.parse(cli('inspect', image, '--json')) as { readonly images: readonly unknown[] };
  if (images.length === 0) throw new Error(`${what}: inspect found no image in the sample`);
  if (many !== undefined) {
    const large = JSON.parse(cli('inspect', many.file, '--json')) as { images: { layers: { entries: number }[] }[] };
    const entries = (large.images[0]?.layers ?? []).reduce((sum, layer) => sum + layer.entries, 0);
    if (entries < many.least) throw new Error(`${what}: inspect found ${entries} of ${many.least} entries`);
  }
  cli('store', 'import', image, '--name', 'check:1');
  if (!cli('store', 'list').includes('check:1')) throw new Error(`${what}: the store lacks what it imported`);
  const { status, stderr } = spawnSync(program, first, { encoding: 'utf8' });
  if (status !== 3 || !stderr.startsWith('layerscope: UNSUPPORTED: there is no display'))
    throw new Error(`${what}: without a display it says: ${stderr} (exit ${status})`);
  console.log(`ok: ${what}: its command line`);
}

/** Uses a package's command line and window. Throws if anything doesn't work. */
export async function tryAsUser(what: string, trial: Trial): Promise<void> {
  tryCommandLine(what, trial);
  const { home, image, many } = trial;
  await using display = await openDisplay();
  const [program, first] = wordsOf(trial, { DISPLAY: display.env.DISPLAY ?? process.env.DISPLAY ?? '' });
  const start = (profile: string, operands: readonly string[] = []) =>
    startWindow([program, ...first], { profile: path.join(home, profile), env: process.env, operands });
  const shown = `document.body.textContent.includes(${JSON.stringify(path.basename(image))})`;
  {
    await using window = start('first');
    await openSample(window);
    checkSandbox(window);
  }
  {
    await using window = start('second');
    await window.until('the empty window', "document.querySelectorAll('button').length > 0");
    await window.drop(image);
    await window.until('a dropped file', shown);
    await window.until('the changes of a dropped file', ROWS);
  }
  {
    await using window = start('third', [image]);
    await window.until('a file that it was started with', shown);
    await window.until('the changes of a file that it was started with', ROWS);
    // A second launch passes its request to the running program and exits.
    run(program, [...first, `--user-data-dir=${path.join(home, 'third')}`, '--command=open-name']);
    await window.until('what a second start asked for', "document.querySelector('[role=dialog] input') !== null");
  }
  if (many !== undefined) {
    await using window = start('fourth', [many.file]);
    await window.until('a large image', `document.body.textContent.includes(${JSON.stringify(path.basename(many.file))})`);
    await window.until('the changes of a large image', ROWS);
  }
  console.log(`ok: ${what}: its window, as an ordinary user, in the sandbox`);
}
