/** A `Content-Range` of bytes. `total` is null if not stated. Source: RFC 9110 14.4. */
export interface ContentRange {
  readonly first: number;
  readonly last: number;
  readonly total: number | null;
}

/** Parses a Content-Range; null if it is missing or malformed. */
export function parseContentRange(text: string | undefined): ContentRange | null {
  const [, first, last, total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(text?.trim() ?? '') ?? [];
  if (first === undefined || last === undefined) return null;
  return { first: Number(first), last: Number(last), total: total === '*' ? null : Number(total) };
}
