// Checks whether this system and this process have what the Windows drivers need.
import { asLayerscopeError } from '#model';
import { PRIVILEGES } from '../native.ts';
import type { ElevationSystem, ServiceState } from './system.ts';

/** The Host Compute Service, which vmcompute.dll talks to. */
const SERVICE = 'vmcompute';

export interface PreflightFact {
  /** The privilege, file, service or right, in a few words. */
  readonly what: string;
  readonly held: boolean;
  /** The reason in one line, whether or not the requirement is met. */
  readonly why: string;
}

const SERVICE_WORDS: Readonly<Record<ServiceState, string>> = {
  running: 'running',
  stopped: 'stopped: as an administrator, "sc start vmcompute" starts it',
  changing: 'starting or stopping right now',
  missing: "not on this system: it is part of Windows' Containers feature",
};

/**
 * Checks everything that the drivers need, in the order in which to fix problems; on other systems, the only fact is that the drivers need
 * Windows. Changes nothing and never throws: a check that fails counts as a requirement that isn't met, with the reason. `system`: for
 * tests.
 */
export async function preflight(system?: ElevationSystem): Promise<readonly PreflightFact[]> {
  if (system === undefined) {
    if (process.platform !== 'win32') {
      return [{ what: 'Windows', held: false, why: `windowsfilter and windowsdiff need Windows: this is ${process.platform}` }];
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
          ? [true, 'held; enabled when a call needs it']
          : [false, 'not held: an elevated administrator holds it'],
      ),
    ),
    fact('vmcompute.dll', () =>
      asked.hasVmcompute()
        ? [true, 'found, with the layer calls']
        : [false, "not on this system: it is part of Windows' Containers feature"],
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
    return { what, held: false, why: `can't be checked: ${lineOf(error)}` };
  }
}

function lineOf(error: unknown): string {
  return asLayerscopeError(error).message.replace(/\s+/g, ' ');
}

/** Formats the facts, one line per fact. */
export function preflightLines(facts: readonly PreflightFact[]): readonly string[] {
  const width = Math.max(0, ...facts.map(({ what }) => what.length));
  return facts.map(({ what, held, why }) => `${held ? 'yes' : 'no '}  ${what.padEnd(width)}  ${why}`);
}
