// Times on disk. Node.js takes a negative number for "now" but a text as it stands, hands a double to the system, and file systems clamp
// in silence what they can't hold: ext4 ends in 2446, FAT begins in 1980, older ones end in 2038.

/** Every file system holds these. */
const SAFE_FIRST = 315_532_800; // 1980-01-01
const SAFE_LAST = 2 ** 31 - 1;
/** Far beyond any file system, and still exact as a double. */
const LIMIT = 2 ** 51;

export interface FileTime {
  readonly seconds: number;
  /** 0 to 999,999,999; counts up from `seconds`. */
  readonly nanos: number;
}

/** As Node's calls take it: the double next below or at the time, never one that is rounded into another second. */
export function timeArgument({ seconds, nanos }: FileTime): string | number {
  const whole = Math.max(-LIMIT, Math.min(LIMIT, seconds));
  let time = whole + nanos / 1e9;
  if (time >= whole + 1) time = whole + 1 - Math.abs(whole + 1) * Number.EPSILON;
  return time < 0 ? String(time) : time;
}

/** Which times a file system holds: known for some, found out for others by reading back what was set. */
export class HeldTimes {
  #first = SAFE_FIRST;
  #last = SAFE_LAST;

  /** `readBack`: whole seconds of what was just set. */
  holds({ seconds }: FileTime, readBack: () => number): boolean {
    if (seconds >= this.#first && seconds <= this.#last) return true;
    if (readBack() !== seconds) return false;
    this.#first = Math.min(this.#first, seconds);
    this.#last = Math.max(this.#last, seconds);
    return true;
  }
}
