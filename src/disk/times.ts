// Times on disk. Node.js takes a negative number to mean "now", but accepts a negative time in a string. It passes times to the system as
// doubles. File systems silently clamp times that they can't store: the range of ext4 ends in 2446, that of FAT starts in 1980, and those
// of older file systems end in 2038.

/** Every file system can store the times from SAFE_FIRST to SAFE_LAST. */
const SAFE_FIRST = 315_532_800; // 1980-01-01
const SAFE_LAST = 2 ** 31 - 1;
/** Limit for times in seconds, positive and negative. It is beyond any file system's range, and still exact as a double. */
const LIMIT = 2 ** 51;

export interface FileTime {
  readonly seconds: number;
  /** 0 to 999,999,999, added to `seconds`. */
  readonly nanos: number;
}

/** Formats a time as an argument for Node's calls: the nearest double at or below the time, which never rounds up to the next second. */
export function timeArgument({ seconds, nanos }: FileTime): string | number {
  const whole = Math.max(-LIMIT, Math.min(LIMIT, seconds));
  let time = whole + nanos / 1e9;
  if (time >= whole + 1) time = whole + 1 - Math.abs(whole + 1) * Number.EPSILON;
  return time < 0 ? String(time) : time;
}

/** Whether a file system can store a time: some times are known to be safe; others are checked by reading back what was set. */
export class HeldTimes {
  #first = SAFE_FIRST;
  #last = SAFE_LAST;

  /** `readBack` returns the time just set, in whole seconds. */
  holds({ seconds }: FileTime, readBack: () => number): boolean {
    if (seconds >= this.#first && seconds <= this.#last) return true;
    if (readBack() !== seconds) return false;
    this.#first = Math.min(this.#first, seconds);
    this.#last = Math.max(this.#last, seconds);
    return true;
  }
}
