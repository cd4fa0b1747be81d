import type { Random } from './random.ts';

/** A fuzz target: its initial inputs, and what must hold for each. */
export interface Target {
  readonly name: string;
  /** Initial inputs. They must pass. */
  seeds(): readonly Uint8Array[];
  /** Pieces that are likely in this format's inputs. */
  readonly tokens?: readonly Uint8Array[];
  /** Makes a change that keeps the format's structure; the engine makes all other changes. `other`: a second input to take parts from. */
  mutate?(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array;
  /** Longest input, in bytes. Default 64 KiB. */
  readonly maxBytes?: number;
  /** Number of inputs between coverage checks. Default 32; use 1 for slow targets. */
  readonly batch?: number;
  /** Whether the target writes to disk and should run as an ordinary user if possible. */
  readonly asOrdinaryUser?: boolean;
  /** Starts a session. */
  open(): Session | Promise<Session>;
}

export interface Session extends AsyncDisposable {
  /** Runs an input. Throws if a property doesn't hold. Must not modify the input. */
  run(input: Uint8Array): void | Promise<void>;
}

/** Creates a session with nothing to dispose of. */
export function session(run: (input: Uint8Array) => void | Promise<void>): Session {
  return { run, [Symbol.asyncDispose]: async () => {} };
}
