/** The date, or null if it was never set: Go's tools then write the year 1. Source: Go's time.Time, IsZero. */
export function setTime(text: string | null): string | null {
  return text === null || /^0{3,}1-/.test(text) ? null : text;
}
