/** A date that says something, else null: Go's tools write the year 1 where none was set. Source: Go's time.Time, IsZero. */
export function setTime(text: string | null): string | null {
  return text === null || /^0{3,}1-/.test(text) ? null : text;
}
