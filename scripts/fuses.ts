// Compares Electron's fuses in electron-builder.yml with those in a packed binary.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { parse } from 'yaml';

/** `missing`: the binary's Electron doesn't have the fuse. `removed`: the binary ignores the fuse. */
export type FuseState = 'on' | 'off' | 'missing' | 'removed';

/** Fuses that electron-builder can't set; they keep the runtime's value. */
const LEFT_ALONE: Readonly<Record<string, string>> = {
  WasmTrapHandlers: 'how WebAssembly detects accesses out of bounds, which it does either way',
};

const STATES: Readonly<Record<number, FuseState>> = { 48: 'off', 49: 'on', 114: 'removed' };

const configFile = path.join(import.meta.dirname, '..', 'electron-builder.yml');

/** Returns the parsed electron-builder.yml. */
export function builderConfig(): Record<string, unknown> & { readonly electronFuses: Readonly<Record<string, boolean>> } {
  return parse(readFileSync(configFile, 'utf8'));
}

/** Returns the names of all fuses that @electron/fuses knows, in the order in which a binary stores them. */
export function knownFuses(): readonly string[] {
  return Object.values(FuseV1Options).filter((name) => typeof name === 'string');
}

/** Returns electron-builder's name for a fuse: the name in @electron/fuses, with a lower-case first letter. */
function builderName(fuse: string): string {
  return fuse.charAt(0).toLowerCase() + fuse.slice(1);
}

/** Reads a binary's fuse states by name; fuses without a known name are called `fuse N`. Throws if a state is unknown. */
export async function readFuses(executable: string): Promise<ReadonlyMap<string, FuseState>> {
  const wire = (await getCurrentFuseWire(executable)) as unknown as Readonly<Record<string, number | string>>;
  const states = new Map<string, FuseState>(knownFuses().map((name) => [name, 'missing']));
  for (const [place, state] of Object.entries(wire)) {
    if (!/^\d+$/.test(place)) continue;
    const known = STATES[Number(state)];
    if (known === undefined) throw new Error(`fuse ${place} of ${path.basename(executable)} has an unknown state: ${state}`);
    states.set(FuseV1Options[Number(place)] ?? `fuse ${place}`, known);
  }
  return states;
}

export interface FuseReport {
  /** One line for each fuse that isn't set as configured. */
  readonly wrong: string[];
  /** Fuses in the configuration that this runtime doesn't have. */
  readonly missing: readonly string[];
}

/** Compares a binary's fuses with the configuration, which must name every fuse except those left alone on purpose. */
export function compareFuses(states: ReadonlyMap<string, FuseState>, wanted: Readonly<Record<string, boolean>>): FuseReport {
  const wrong: string[] = [];
  const missing: string[] = [];
  for (const [fuse, state] of states) {
    const want = wanted[builderName(fuse)];
    if (want === undefined) {
      if (!Object.hasOwn(LEFT_ALONE, fuse)) wrong.push(`${fuse} is ${state}, and electron-builder.yml does not name it`);
    } else if (state === 'missing' || state === 'removed') missing.push(fuse);
    else if ((state === 'on') !== want) wrong.push(`${fuse} is ${state}, and electron-builder.yml says ${want ? 'on' : 'off'}`);
  }
  for (const name of Object.keys(wanted)) {
    if (![...states.keys()].some((fuse) => builderName(fuse) === name))
      wrong.push(`electron-builder.yml names ${name}, which is not a fuse`);
  }
  return { wrong, missing };
}
