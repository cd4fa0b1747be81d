import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { displayText, LayerscopeError, systemWords } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { findElectronRuntime, findPackagedWindow, hasDisplay, packageFolder, sandboxSwitches } from './electron-runtime.ts';
import { splitOperands } from './split-operands.ts';

/** A runtime that can't start exits within this time. If it is still running by then, it has opened a window. */
const START_MS = 1500;

export const spec: CommandSpec = {
  name: 'open',
  operands: '[IMAGE…]',
  minOperands: 0,
  maxOperands: Number.POSITIVE_INFINITY,
  options: {
    'no-sandbox': { summary: 'run without Chromium’s sandbox, which confines a compromised page; required for root' },
  },
  summary:
    'Opens the window with these images, or the folder of a catalog. If there is no display, use layerscope serve, which shows the same in a browser.',
};

/** Returns the program that shows the window: the one in the package, or else the runtime with the built window. */
function findWindow(root: string): readonly [string, ...string[]] {
  const packaged = findPackagedWindow(root);
  if (packaged !== null) return [packaged];
  const runtime = findElectronRuntime(root);
  if (runtime === null) {
    throw new LayerscopeError('UNSUPPORTED', 'there is no Electron runtime; layerscope serve shows the same in a browser');
  }
  const main = path.join(root, runtime.target === 'chrome108' ? 'out/chrome108' : 'dist', 'electron', 'main.cjs');
  if (!existsSync(main))
    throw new LayerscopeError('NOT_FOUND', `the window is not built: ${displayText(main)} is missing; run npm run build`);
  return [runtime.executable, main];
}

export async function run(_context: Context, args: Arguments): Promise<number> {
  const operands = splitOperands('open', args.operands);
  const sandbox = sandboxSwitches(args.flag('no-sandbox'));
  const files = operands.files.map((file) => path.resolve(file));
  const names = operands.names.map((name) => `--image-name=${name}`);
  if (!hasDisplay())
    throw new LayerscopeError('UNSUPPORTED', 'there is no display for a window; layerscope serve shows the same in a browser');
  const [program, ...first] = findWindow(packageFolder());
  const { ELECTRON_RUN_AS_NODE: _, ...environment } = process.env;
  const child = spawn(program, [...sandbox, ...first, ...names, ...files], { stdio: 'ignore', detached: true, env: environment });
  await new Promise<void>((resolve, reject) => {
    const started = setTimeout(resolve, START_MS);
    child.once('error', (error) =>
      reject(new LayerscopeError('IO', `the window cannot start: ${systemWords(error) ?? error.message}`, { cause: error })),
    );
    child.once('exit', (code, signal) => {
      clearTimeout(started);
      // The runtime may have passed the files to a running instance and exited with 0.
      if (code === 0) resolve();
      else reject(new LayerscopeError('IO', `the window exited during start: ${signal ?? `exit ${code}`}`));
    });
  });
  child.removeAllListeners();
  child.unref();
  return EXIT.done;
}
