// `npm run check-start`: starts the program as the README describes and loads the window's page. Runs `npm start`, which serves the page if
// there is no display; with a display, runs `serve`, because a window would wait for its user.
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { isDisplayed } from './display.ts';

const root = path.dirname(import.meta.dirname);
const sample = path.join('assets', 'sample.tar');
const command = isDisplayed() ? `npm run -s cli -- serve ${sample}` : `npm start -- ${sample}`;
const isWindows = process.platform === 'win32';
const child = spawn(command, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], shell: true, detached: !isWindows });

/** Ends npm and its child processes. */
function end(): void {
  if (child.pid === undefined) return;
  if (isWindows) spawnSync('taskkill', ['/pid', String(child.pid), '/t', '/f'], { stdio: 'ignore' });
  else process.kill(-child.pid, 'SIGTERM');
}

let address: string | undefined;
for await (const line of createInterface({ input: child.stdout })) {
  console.log(line.replace(/#token=.*/, '#token=…'));
  address = /http:\/\/127\.0\.0\.1:\d+\//.exec(line)?.[0];
  if (address !== undefined) break;
}
if (address === undefined) throw new Error(`${command} ended without an address`);
try {
  const page = await fetch(address);
  const text = await page.text();
  if (page.status !== 200 || !text.includes('<title>Layerscope</title>')) throw new Error(`${address} answers ${page.status}`);
  console.log('the window’s page was served');
} finally {
  end();
}
