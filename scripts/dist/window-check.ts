// Starts a window as a user would, then observes and operates it over Chromium's debugging port.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { isDisplayed } from '../display.ts';
import { missingPrograms } from './commands.ts';

const LONGEST_MS = 30_000;
const BETWEEN_MS = 200;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Ends a process group, and waits until its first process has exited. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  process.kill(-child.pid, 'SIGTERM');
  const late = setTimeout(() => process.kill(-(child.pid as number), 'SIGKILL'), 5_000);
  await ended;
  clearTimeout(late);
}

interface Display extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
}

/** Returns this process's display, or else a new virtual one. */
export async function openDisplay(): Promise<Display> {
  if (isDisplayed()) return { env: {}, [Symbol.asyncDispose]: async () => {} };
  const [missing] = missingPrograms(['Xvfb']);
  if (missing !== undefined) throw new Error(`there is no display, and no ${missing}`);
  const args = ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp', '-ac'];
  const server = spawn('Xvfb', args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'], detached: true });
  const told = server.stdio[3] as NodeJS.ReadableStream;
  const [number] = (await Promise.race([once(told, 'data'), once(server, 'exit').then(() => [''])])) as [Buffer | string];
  if (String(number).trim() === '') throw new Error('Xvfb did not start');
  return { env: { DISPLAY: `:${String(number).trim()}` }, [Symbol.asyncDispose]: () => end(server) };
}

/** A window that was started for a check. */
export interface CheckedWindow extends AsyncDisposable {
  /** Waits until an expression is true in the page. Throws with `what` if it never is. */
  until(what: string, expression: string): Promise<void>;
  evaluate(expression: string): Promise<unknown>;
  /** Drops a file on the page, as a file manager would. */
  drop(file: string): Promise<void>;
  /** Returns the program's processes with this `--type`. */
  processes(type: string): readonly number[];
}

interface WindowOptions {
  /** Folder of the program's settings. */
  readonly profile: string;
  readonly env: NodeJS.ProcessEnv;
  /** Arguments after the switches on the command line. */
  readonly operands?: readonly string[];
}

/** Returns the processes of a group whose command line has this `--type`. */
function processesOf(group: number, type: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [, , itsGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return Number(itsGroup) === group && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(`--type=${type}`);
      } catch {
        return false; // the process has exited
      }
    })
    .map(Number);
}

/** Starts a program with a debugging port. `command`: a program with its first arguments. */
export function startWindow(command: readonly string[], { profile, env, operands = [] }: WindowOptions): CheckedWindow {
  const [program = '', ...first] = command;
  const args = [...first, '--remote-debugging-port=0', `--user-data-dir=${profile}`, ...operands];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true, env });
  let said = '';
  let failure: string | null = null;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.once('error', ({ message }) => {
    failure = message;
  });
  child.once('exit', (code, signal) => {
    failure ??= `it ended with ${signal ?? code}`;
  });

  const send = async (method: string, params: Readonly<Record<string, unknown>>): Promise<unknown> => {
    const port = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)\//.exec(said)?.[1];
    if (port === undefined) throw new Error('no debugging port yet');
    const pages = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as { type: string; webSocketDebuggerUrl: string }[];
    const page = pages.find(({ type }) => type === 'page');
    if (page === undefined) throw new Error('no window');
    const socket = new WebSocket(page.webSocketDebuggerUrl);
    try {
      return await new Promise((resolve, reject) => {
        socket.onopen = () => socket.send(JSON.stringify({ id: 1, method, params }));
        socket.onmessage = ({ data }) => {
          const reply = JSON.parse(String(data)) as { id?: number; result?: unknown; error?: { message: string } };
          if (reply.id !== 1) return;
          if (reply.error === undefined) resolve(reply.result);
          else reject(new Error(`${method}: ${reply.error.message}`));
        };
        socket.onerror = () => reject(new Error('the debugging port closed'));
        socket.onclose = () => reject(new Error('the window closed'));
      });
    } finally {
      socket.close();
    }
  };
  const evaluate = async (expression: string): Promise<unknown> => {
    const reply = await send('Runtime.evaluate', { expression, returnByValue: true, userGesture: true });
    return (reply as { result?: { value?: unknown } }).result?.value;
  };
  return {
    evaluate,
    async until(what, expression) {
      let last: unknown;
      for (const deadline = Date.now() + LONGEST_MS; Date.now() < deadline && failure === null; ) {
        try {
          if ((await evaluate(expression)) === true) return;
        } catch (error) {
          last = error;
        }
        await pause(BETWEEN_MS);
      }
      const words = said.trim().split('\n').slice(-8).join('\n  ');
      throw new Error(`${program}: ${what} did not appear${failure === null ? '' : `: ${failure}`}\n  ${words}`, { cause: last });
    },
    async drop(file) {
      const data = { items: [], files: [file], dragOperationsMask: 1 };
      for (const type of ['dragEnter', 'dragOver', 'drop']) await send('Input.dispatchDragEvent', { type, x: 200, y: 300, data });
    },
    processes: (type) => processesOf(child.pid ?? 0, type),
    [Symbol.asyncDispose]: () => end(child),
  };
}

const SAMPLE_BUTTON = "[...document.querySelectorAll('button')].find((button) => /sample image/i.test(button.textContent))";

/** Waits for the empty window, and opens the sample image from there. */
export async function openSample(window: CheckedWindow): Promise<void> {
  await window.until('the empty window', `${SAMPLE_BUTTON} !== undefined`);
  await window.evaluate(`${SAMPLE_BUTTON}.click()`);
  await window.until('a change list of the sample image', `document.querySelectorAll('[role=treegrid] [role=row]').length > 2`);
}

/** Checks that the page's process is in Chromium's sandbox: filtered system calls, its own PID namespace, and no files. Linux only. */
export function checkSandbox(window: CheckedWindow): void {
  const pages = window.processes('renderer');
  if (pages.length === 0) throw new Error('no process of the page was found');
  for (const pid of pages) {
    const filters = /^Seccomp:\s*(\d)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    const ownNumbers = readlinkSync(`/proc/${pid}/ns/pid`) !== readlinkSync('/proc/self/ns/pid');
    const top = path.join('/proc', String(pid), 'root');
    const files = existsSync(path.join(top, '.')) ? readdirSync(`${top}/`) : [];
    if (filters !== '2' || !ownNumbers || files.length > 0)
      throw new Error(`the page is not in the sandbox: Seccomp ${filters}, own process numbers ${ownNumbers}, files ${files.join(' ')}`);
  }
}
