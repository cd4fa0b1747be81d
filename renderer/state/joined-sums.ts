/** The sums that two sides have for the same key. */
export interface JoinedSums<T> {
  readonly key: string;
  /** Side A's sum; null if that side doesn't have the key. `b` is side B's. */
  readonly a: T | null;
  readonly b: T | null;
  readonly before: number;
  readonly now: number;
}

/** Joins the sums of two sides by `keyOf`, the largest difference first, then the largest sum. */
export function joinSums<T extends { readonly bytes: number }>(
  a: readonly T[],
  b: readonly T[],
  keyOf: (sum: T) => string,
): readonly JoinedSums<T>[] {
  const left = new Map(a.map((sum) => [keyOf(sum), sum]));
  const right = new Map(b.map((sum) => [keyOf(sum), sum]));
  const joined = [...new Set([...left.keys(), ...right.keys()])].map((key) => {
    const [one, other] = [left.get(key) ?? null, right.get(key) ?? null];
    return { key, a: one, b: other, before: one?.bytes ?? 0, now: other?.bytes ?? 0 };
  });
  const difference = ({ before, now }: JoinedSums<T>): number => Math.abs(now - before);
  return joined.sort((one, other) => difference(other) - difference(one) || other.now - one.now || (one.key < other.key ? -1 : 1));
}
