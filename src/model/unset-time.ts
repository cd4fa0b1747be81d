/** Returns the date, or null for the year 1, which Go's tools write for a time that was never set. Source: Go's time.Time, IsZero. */
export function setTime(text: string | null): string | null {
  return text === null || /^0{3,}1-/.test(text) ? null : text;
}
