// What the Windows drivers need of this system and this process, and whether it is there.
import { asLayerscopeError } from '#model';
import { PRIVILEGES } from '../native.ts';
import type { ElevationSystem, ServiceState } from './system.ts';

/** The Host Compute Service, which vmcompute.dll speaks to. */
const SERVICE = 'vmcompute';

export interface PreflightFact {
  /** Privilege, file, service or right, in a few words. */
  readonly what: string;
  readonly held: boolean;
  /** In one line, also where it is held. */
  readonly why: string;
}

const SERVICE_WORDS: Readonly<Record<ServiceState, string>> = {
  running: 'running',
  stopped: 'stopped: as an administrator, "sc start vmcompute" starts it',
  changing: 'starting or stopping right now',
  missing: 'not on this system: the Containers feature of Windows brings it',
};

/**
 * Everything that the drivers need, in the order in which it is to be put right; on other systems one fact, that they need Windows. Changes
 * nothing, and never throws: what can't be found out isn't held, and why says so. `system`: for tests.
 */
export async function preflight(system?: ElevationSystem): Promise<readonly PreflightFact[]> {
  if (system === undefined) {
    if (process.platform !== 'win32') {
      return [{ what: 'Windows', held: false, why: `windowsfilter and windowsdiff work on Windows only: this is ${process.platform}` }];
    }
    try {
      system = (await import('../ffi/elevation.ts')).openElevationSystem();
    } catch (error) {
      return [{ what: "calls into Windows' libraries", held: false, why: lineOf(error) }];
    }
  }
  const asked = system;
  return [
    fact("an administrator's rights", () =>
      asked.isElevated() ? [true, 'this process is elevated'] : [false, 'this process is not elevated'],
    ),
    ...PRIVILEGES.map((name) =>
      fact(name, () =>
        asked.heldPrivileges([name]).includes(name)
          ? [true, 'held; switched on when a call needs it']
          : [false, 'this process does not hold it: administrators do, elevated'],
      ),
    ),
    fact('vmcompute.dll', () =>
      asked.hasVmcompute()
        ? [true, 'there, with the calls for layers']
        : [false, 'not on this system: the Containers feature of Windows brings it'],
    ),
    fact(`service ${SERVICE} (Host Compute Service)`, () => {
      const state = asked.serviceState(SERVICE);
      return [state === 'running', SERVICE_WORDS[state]];
    }),
  ];
}

function fact(what: string, find: () => readonly [held: boolean, why: string]): PreflightFact {
  try {
    const [held, why] = find();
    return { what, held, why };
  } catch (error) {
    return { what, held: false, why: `it can't be told: ${lineOf(error)}` };
  }
}

function lineOf(error: unknown): string {
  return asLayerscopeError(error).message.replace(/\s+/g, ' ');
}

/** The facts as lines for people, one a fact. */
export function preflightLines(facts: readonly PreflightFact[]): readonly string[] {
  const width = Math.max(0, ...facts.map(({ what }) => what.length));
  return facts.map(({ what, held, why }) => `${held ? 'yes' : 'no '}  ${what.padEnd(width)}  ${why}`);
}
