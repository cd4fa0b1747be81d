/** A value this many times the usual ones would leave no length for their bars. */
const MOST_TIMES = 3;
/** Of fewer values, none is usual. */
const LEAST_VALUES = 4;

/**
 * Returns the value of a full bar, so that a few outliers don't make all other bars too short to compare: the largest value that isn't one.
 * Bars of larger values are to be drawn cut. `usual`: the share of values, from 0 to 1, that can't be outliers.
 */
export function barScale(values: readonly number[], usual = 0.9): number {
  const sorted = values.filter((value) => value > 0).sort((a, b) => a - b);
  const largest = sorted.at(-1) ?? 1;
  if (sorted.length < LEAST_VALUES) return largest;
  const most = MOST_TIMES * (sorted[Math.floor((sorted.length - 1) * usual)] as number);
  return sorted.filter((value) => value <= most).at(-1) ?? largest;
}
