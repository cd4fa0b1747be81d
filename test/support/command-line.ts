// Runs commands of the command line in this process, for tests that run hundreds of them. Handles arguments, exit codes and error lines as
// main.ts does; test/cli starts the program itself.
import { Writable } from 'node:stream';
import { asLayerscopeError, displayText } from '#model';
import { parseArguments } from '../../src/cli/arguments.ts';
import { COMMANDS, listedCommands } from '../../src/cli/commands.ts';
import type { Context } from '../../src/cli/context.ts';
import { createOutput } from '../../src/cli/output.ts';
import { createStyle } from '../../src/cli/style.ts';

export interface CommandResult {
  readonly code: number;
  readonly bytes: Buffer;
  readonly stdout: string;
  readonly stderr: string;
  /** The error that ended the command, or null. */
  readonly error: { readonly code: string; readonly message: string; readonly stack: string } | null;
}

export type JsonLine = Record<string, unknown>;

/** Runs a command with its arguments. `cache` is the cache folder; by default nothing is cached. */
export async function runCommand(argv: readonly string[], cache: string | null = null): Promise<CommandResult> {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  const complaints: string[] = [];
  const complain = (text: string): void => {
    complaints.push(`layerscope: ${displayText(text)}\n`);
  };
  const out = createOutput(stream, () => {});
  const context: Context = {
    out,
    style: createStyle({}, {}),
    progress: { update: () => {}, say: () => {}, clear: () => {} },
    signal: new AbortController().signal,
    commands: listedCommands,
    note: complain,
    warn: (message) => complain(`warning: ${message}`),
    error: (code, message) => complain(`${code}: ${message}`),
    endBySignal: () => {},
  };
  const [name = '', ...rest] = argv;
  const { spec, run } = (await COMMANDS[name]?.load()) ?? {};
  if (spec === undefined || run === undefined) throw new Error(`no command ${name}`);
  const before = process.env.LAYERSCOPE_CACHE;
  if (cache !== null) process.env.LAYERSCOPE_CACHE = cache;
  let code: number;
  let error: CommandResult['error'] = null;
  try {
    code = await run(context, parseArguments(spec, cache === null ? [...rest, '--no-cache'] : rest));
  } catch (thrown) {
    const known = asLayerscopeError(thrown);
    error = { code: known.code, message: known.message, stack: (thrown as Error).stack ?? '' };
    complain(`${known.code}: ${known.message}`);
    code = known.code === 'USAGE' ? 2 : 3;
  } finally {
    if (before === undefined) delete process.env.LAYERSCOPE_CACHE;
    else process.env.LAYERSCOPE_CACHE = before;
  }
  await out.finish();
  const bytes = Buffer.concat(chunks);
  return { code, bytes, stdout: bytes.toString(), stderr: complaints.join(''), error };
}

async function succeed(argv: readonly string[]): Promise<CommandResult> {
  const result = await runCommand(argv);
  if (result.code !== 0) throw new Error(`${argv.join(' ')}: exit ${result.code}: ${result.stderr}${result.error?.stack ?? ''}`);
  return result;
}

/** Returns the objects that a command prints, one per line. Throws if the command fails. */
export async function commandLines(argv: readonly string[]): Promise<JsonLine[]> {
  const { stdout } = await succeed(argv);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JsonLine);
}

/** Returns the one object that a command prints. Throws if the command fails. */
export async function commandJson<T>(argv: readonly string[]): Promise<T> {
  return JSON.parse((await succeed(argv)).stdout) as T;
}
