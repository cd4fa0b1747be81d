import type { Random } from './random.ts';

/** What is fuzzed: where its inputs come from, and what must hold for each. */
export interface Target {
  readonly name: string;
  /** Inputs to begin with. They must pass. */
  seeds(): readonly Uint8Array[];
  /** Pieces that an input of this format is likely to be made of. */
  readonly tokens?: readonly Uint8Array[];
  /** A change that keeps the format's structure; other changes are made without it as well. `other`: a second input, to take parts from. */
  mutate?(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array;
  /** Longest input, in bytes. Default 64 KiB. */
  readonly maxBytes?: number;
  /** Inputs that are run before coverage is looked at. Default 32; 1 for what takes long. */
  readonly batch?: number;
  /** Writes to the disk: run as an ordinary user where that can be had. */
  readonly asOrdinaryUser?: boolean;
  /** Begins a session. */
  open(): Session | Promise<Session>;
}

export interface Session extends AsyncDisposable {
  /** Throws where a property doesn't hold. The input must not be written to. */
  run(input: Uint8Array): void | Promise<void>;
}

/** A session without anything to let go of. */
export function session(run: (input: Uint8Array) => void | Promise<void>): Session {
  return { run, [Symbol.asyncDispose]: async () => {} };
}
