// Electron's fuses: what electron-builder.yml asks for, and what a packed binary says.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { parse } from 'yaml';

/** `missing`: the binary is of an Electron that doesn't have the fuse. `removed`: that Electron ignores it. */
export type FuseState = 'on' | 'off' | 'missing' | 'removed';

/** Fuses that electron-builder has no word for: they stay as the runtime has them. */
const LEFT_ALONE: Readonly<Record<string, string>> = {
  WasmTrapHandlers: 'how WebAssembly finds accesses out of bounds; either way it does',
};

const STATES: Readonly<Record<number, FuseState>> = { 48: 'off', 49: 'on', 114: 'removed' };

const configFile = path.join(import.meta.dirname, '..', 'electron-builder.yml');

/** electron-builder.yml as it is read by electron-builder. */
export function builderConfig(): Record<string, unknown> & { readonly electronFuses: Readonly<Record<string, boolean>> } {
  return parse(readFileSync(configFile, 'utf8'));
}

/** Names of all fuses that @electron/fuses knows, in the order of the wire. */
export function knownFuses(): readonly string[] {
  return Object.values(FuseV1Options).filter((name) => typeof name === 'string');
}

/** electron-builder writes @electron/fuses' names with a small letter. */
function builderName(fuse: string): string {
  return fuse.charAt(0).toLowerCase() + fuse.slice(1);
}

/** The states of a binary's fuses by name, one for each that is known, and `fuse N` for those that aren't. */
export async function readFuses(executable: string): Promise<ReadonlyMap<string, FuseState>> {
  const wire = (await getCurrentFuseWire(executable)) as unknown as Readonly<Record<string, number | string>>;
  const states = new Map<string, FuseState>(knownFuses().map((name) => [name, 'missing']));
  for (const [place, state] of Object.entries(wire)) {
    if (!/^\d+$/.test(place)) continue;
    const known = STATES[Number(state)];
    if (known === undefined) throw new Error(`fuse ${place} of ${path.basename(executable)} is in no known state: ${state}`);
    states.set(FuseV1Options[Number(place)] ?? `fuse ${place}`, known);
  }
  return states;
}

export interface FuseReport {
  /** One line each: what is otherwise than it should be. */
  readonly wrong: string[];
  /** Fuses of the configuration that this runtime doesn't have. */
  readonly missing: readonly string[];
}

/** Holds a binary's fuses against the configuration. Every fuse must be named there, or be one of those that are left alone. */
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
    if (![...states.keys()].some((fuse) => builderName(fuse) === name)) wrong.push(`electron-builder.yml names ${name}, which is no fuse`);
  }
  return { wrong, missing };
}
