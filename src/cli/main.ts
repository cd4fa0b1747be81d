#!/usr/bin/env node
/**
 * The command line: `layerscope COMMAND …`. This file runs a command and turns any error into one line on standard error and an exit code.
 *
 * A command is one file with a `spec` (operands, options and help) and `run`; `commands.ts` lists them. `arguments.ts` parses the words
 * that were typed, `open-input.ts` opens an IMAGE, `load-input.ts` loads its layers, `output.ts` and `progress.ts` write. Begin with
 * `cat.ts`, the shortest command. The engine does the work; this room only prints the results.
 */
import { asLayerscopeError, displayText, type ErrorCode } from '#model';
import { commandHelp, parseArguments, usageError } from './arguments.ts';
import { enableCodeCache, flushCodeCache } from './code-cache.ts';
import { COMMANDS, listedCommands } from './commands.ts';
import { type Context, EXIT } from './context.ts';
import { exitCodesLine } from './exit-codes.ts';
import { IMAGE_MEANS } from './man-page.ts';
import { createOutput, OutputClosed } from './output.ts';
import { createProgress } from './progress.ts';
import { similarWord } from './similar-word.ts';
import { createStyle } from './style.ts';
import { programVersion } from './version.ts';

function programHelp(): string {
  const width = Math.max(...Object.entries(COMMANDS).map(([name, { operands }]) => name.length + operands.length + 1));
  return [
    'layerscope COMMAND … shows what is in a container image and what each layer changed.',
    '',
    ...Object.entries(COMMANDS).map(([name, { operands, summary }]) => `  ${`${name} ${operands}`.padEnd(width)}  ${summary}`),
    '',
    ...IMAGE_MEANS,
    exitCodesLine(),
    'layerscope COMMAND --help explains a command; layerscope --version prints the version.',
    '',
  ].join('\n');
}

const interrupt = new AbortController();
let exitWhenStopped: number = EXIT.interrupted;
let outputClosed = false;
let endsBySignal = false;

/** Ends the process. `process.exit` waits for other threads; SIGKILL doesn't. */
function end(code: number): never {
  if (endsBySignal) process.kill(process.pid, 'SIGKILL');
  process.exit(code);
}

/** The first signal cancels the work, which then cleans up; the second ends the program immediately. */
function stopOn(signal: NodeJS.Signals, code: number): void {
  process.on(signal, () => {
    if (interrupt.signal.aborted) end(code);
    exitWhenStopped = code;
    interrupt.abort();
  });
}

const out = createOutput(
  process.stdout,
  () => {
    outputClosed = true;
    interrupt.abort();
  },
  interrupt.signal,
);
const progress = createProgress(() => process.stderr);

/** Writes a message to standard error: one line per call, with control characters escaped. */
function complain(text: string): void {
  progress.clear();
  process.stderr.write(`layerscope: ${displayText(text)}\n`);
}

const context: Context = {
  out,
  style: createStyle(process.stdout, process.env),
  progress,
  signal: interrupt.signal,
  commands: listedCommands,
  note: complain,
  warn: (message) => complain(`warning: ${message}`),
  error: (code, message) => complain(`${code}: ${message}`),
  endBySignal: (does) => {
    endsBySignal = does;
  },
};

async function runCommand(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    if (name === undefined) throw usageError('no command: see layerscope --help');
    out.write(programHelp());
    return EXIT.done;
  }
  if (name === '--version') {
    out.write(`${programVersion()}\n`);
    return EXIT.done;
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) {
    const similar = similarWord(name, ['--help', '--version', ...Object.keys(COMMANDS)]);
    const advice = similar === null ? 'see layerscope --help' : `did you mean ${similar}?`;
    throw usageError(`no ${name.startsWith('-') ? 'option' : 'command'} ${name}: ${advice}`);
  }
  const end = rest.indexOf('--');
  const options = end < 0 ? rest : rest.slice(0, end);
  if (!options.includes('--no-cache')) enableCodeCache();
  const { spec, run } = await entry.load();
  if (options.some((word) => word === '--help' || word === '-h')) {
    out.write(commandHelp(spec));
    return EXIT.done;
  }
  return run(context, parseArguments(spec, rest));
}

async function report(thrown: unknown): Promise<number> {
  if (thrown instanceof OutputClosed || outputClosed) return EXIT.done;
  const error = asLayerscopeError(thrown);
  const { code } = error;
  if (code === 'CANCELLED' && interrupt.signal.aborted) return exitWhenStopped;
  const offset = error.offset === undefined || error.message.includes('offset') ? '' : ` (at byte ${error.offset})`;
  const hint = process.stderr.isTTY ? (await import('./error-hint.ts')).errorHint(code as ErrorCode) : '';
  complain(`${code}: ${error.message}${offset}${hint === '' ? '' : ` — ${hint}`}`);
  return code === 'USAGE' ? EXIT.usage : EXIT.unreadable;
}

async function main(): Promise<void> {
  // The exit code if the event loop runs out of work before the command has ended, because that isn't success.
  process.exitCode = EXIT.unreadable;
  stopOn('SIGINT', EXIT.interrupted);
  stopOn('SIGTERM', EXIT.terminated);
  stopOn('SIGHUP', EXIT.hungUp);
  let code: number;
  try {
    code = await runCommand(process.argv.slice(2));
  } catch (error) {
    code = await report(error);
  }
  progress.clear();
  try {
    await out.finish();
  } catch (error) {
    if (code === EXIT.done) code = await report(error);
  }
  flushCodeCache();
  end(code);
}

// Not awaited, because modules that are loaded while a command runs import this one.
void main();
