import type { WastedFileReport, WasteReport } from '#contract';

/** The bytes that one cause hides, and the file that has the most of them. */
export interface CauseLine {
  readonly cause: WasteReport['groups'][number]['cause'];
  readonly bytes: number;
  /** Null if no file has this cause, or it isn't known yet. */
  readonly largest: WastedFileReport | null;
}

/**
 * Returns the causes in an order that doesn't change when files turn out to be rewritten unchanged: of the bytes that were overwritten or
 * deleted, the more come first. What is rewritten unchanged is part of what is overwritten until it is found, so both have a line from the
 * start.
 */
export function causeLines({ groups, files }: WasteReport): readonly CauseLine[] {
  const lineOf = (cause: CauseLine['cause']): CauseLine => ({
    cause,
    bytes: groups.find((group) => group.cause === cause)?.bytes ?? 0,
    largest: files.find((file) => file.cause === cause) ?? null,
  });
  const has = (cause: CauseLine['cause']) => groups.some((group) => group.cause === cause);
  const overwritten = has('overwritten') || has('rewritten') ? [lineOf('overwritten'), lineOf('rewritten')] : [];
  const deleted = has('deleted') ? [lineOf('deleted')] : [];
  const bytesOf = (lines: readonly CauseLine[]) => lines.reduce((sum, { bytes }) => sum + bytes, 0);
  return bytesOf(deleted) >= bytesOf(overwritten) ? [...deleted, ...overwritten] : [...overwritten, ...deleted];
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
