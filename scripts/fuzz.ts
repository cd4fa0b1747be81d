// `npm run fuzz -- TARGET [SECONDS]`: runs a target on random inputs guided by coverage; see test/fuzz. `npm run fuzz -- all 60` divides a
// minute among all targets. `--seed N` repeats a run, `--inputs N` ends it after N inputs, `--replay FILE` runs one input. Exit code 1 if
// something was found; the inputs are in out/fuzz.
import { randomInt } from 'node:crypto';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runTarget } from '../test/fuzz/engine/run-target.ts';
import { TARGET_NAMES, targetNamed } from '../test/fuzz/targets/index.ts';

const USAGE = `npm run fuzz -- TARGET [SECONDS] [--seed N] [--inputs N] [--replay FILE]; TARGET: all, ${TARGET_NAMES.join(', ')}`;
const DEFAULT_SECONDS = 60;

interface Wanted {
  readonly targets: readonly string[];
  readonly seconds: number;
  readonly seed: number;
  readonly inputs: number;
  readonly replay: string | null;
}

/** Parses the arguments; null if they are invalid. */
function wanted(args: string[]): Wanted | null {
  try {
    const options = { seed: { type: 'string' }, inputs: { type: 'string' }, replay: { type: 'string' } } as const;
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const [name = '', time = String(DEFAULT_SECONDS), ...more] = positionals;
    const targets = name === 'all' ? TARGET_NAMES : TARGET_NAMES.filter((each) => each === name);
    const seed = values.seed === undefined ? randomInt(2 ** 32) : Number(values.seed);
    const inputs = values.inputs === undefined ? Number.MAX_SAFE_INTEGER : Number(values.inputs);
    const numbers = [Number(time), seed, inputs].every((number) => number >= 0);
    if (targets.length === 0 || more.length > 0 || !numbers || (values.replay !== undefined && targets.length > 1)) return null;
    const replay = values.replay === undefined ? null : path.resolve(process.env.INIT_CWD ?? '.', values.replay);
    return { targets, seconds: Number(time), seed, inputs, replay };
  } catch {
    return null;
  }
}

async function fuzzAll({ targets, seconds, seed, inputs, replay }: Wanted): Promise<boolean> {
  console.log(`seed ${seed}`);
  const untilMs = Date.now() + seconds * 1000;
  let clean = 0;
  for (const [index, name] of targets.entries()) {
    const share = (untilMs - Date.now()) / 1000 / (targets.length - index);
    const { asOrdinaryUser = false } = await targetNamed(name);
    const log = (text: string): void => console.log(text);
    const result = await runTarget({ target: name, seconds: Math.max(1, share), seed, inputs, replay, asOrdinaryUser, log });
    const said = [
      `${result.inputs} inputs`,
      `${result.covered} blocks covered`,
      `a corpus of ${result.corpus}`,
      `${result.findings} findings`,
    ];
    console.log(`${name}: ${said.join(', ')}`);
    if (result.findings === 0) clean++;
  }
  console.log(`${clean} of ${targets.length} targets clean`);
  return clean === targets.length;
}

const known = wanted(process.argv.slice(2));
if (known === null) {
  console.error(`layerscope: USAGE: ${USAGE}`);
  process.exitCode = 2;
} else process.exitCode = (await fuzzAll(known)) ? 0 : 1;
