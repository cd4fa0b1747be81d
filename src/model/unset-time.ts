const TIME = /^\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]| ?[+-]\d\d:?\d\d)?)?$/;
/** The year 0 is none; Go's tools write the year 1 for a time that was never set. Source: Go's time.Time, IsZero. */
const UNSET = /^000[01]-/;

/** Returns the time as stated; null if it was never set, is no time, or is not of the years up to 9999. */
export function setTime(text: string | null): string | null {
  if (text === null || !TIME.test(text) || UNSET.test(text)) return null;
  // Date.parse takes few digits after the point.
  return Number.isNaN(Date.parse(text.replace(/\.\d+/, ''))) ? null : text;
}
