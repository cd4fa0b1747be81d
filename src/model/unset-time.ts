const TIME = /^\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]| ?[+-]\d\d:?\d\d)?)?$/;
/**
 * Years that mean "unset": year 0 doesn't exist, and Go's tools write year 1 for a time that was never set. Source: Go's time.Time, IsZero.
 */
const UNSET = /^000[01]-/;

/** Returns the time as stated; null if it was never set, isn't a time, or is after the year 9999. */
export function setTime(text: string | null): string | null {
  if (text === null || !TIME.test(text) || UNSET.test(text)) return null;
  // Date.parse accepts only a few digits after the point.
  return Number.isNaN(Date.parse(text.replace(/\.\d+/, ''))) ? null : text;
}
