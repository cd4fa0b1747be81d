import type { WastedFileReport, WasteReport } from '#contract';

/** The bytes that one cause hides, and the file that has the most of them. */
export interface CauseLine {
  readonly cause: WasteReport['groups'][number]['cause'];
  readonly bytes: number;
  /** Null if its files are too small to be listed. */
  readonly largest: WastedFileReport | null;
  /** How many other files there are, and their bytes. */
  readonly others: number;
  readonly otherBytes: number;
}

/** Returns the causes that hide bytes; like the report, most bytes first. */
export function causeLines({ groups, files }: WasteReport): readonly CauseLine[] {
  return groups
    .filter(({ bytes }) => bytes > 0)
    .map(({ cause, bytes, files: count }) => {
      const largest = files.find((file) => file.cause === cause) ?? null;
      const { wastedBytes = 0 } = largest ?? {};
      return { cause, bytes, largest, others: largest === null ? 0 : count - 1, otherBytes: bytes - wastedBytes };
    });
}

/** Whether files were overwritten, and none of them is known to be rewritten without changes. */
export function mayBeRewritten({ groups }: WasteReport): boolean {
  const has = (cause: CauseLine['cause']) => groups.some((group) => group.cause === cause);
  return has('overwritten') && !has('rewritten');
}

/** Returns the layers that wrote what is hidden, without the one that replaced it. */
export function writersOf({ layers, hiddenBy }: WastedFileReport): readonly number[] {
  const below = layers.filter((layer) => layer < hiddenBy);
  return below.length === 0 ? layers : below;
}

/** Items with the same layers and command. */
export interface Group<T> {
  readonly key: string;
  readonly items: readonly T[];
}

/** Groups items by a key. Groups, and the items of each, keep their order. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): readonly Group<T>[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups].map(([key, grouped]) => ({ key, items: grouped }));
}
