import type { ImageSummary } from '#contract';
import { displayText, type HistoryReport, type LayerReport } from '#model';
import { drawnText } from '../words/cut.ts';

/** A line of the chain: a layer, or consecutive steps of the history that created no layer. */
export type Stratum =
  | { readonly kind: 'layer'; readonly layer: LayerReport; readonly step: HistoryReport | null }
  | { readonly kind: 'empty'; readonly key: string; readonly steps: readonly HistoryReport[] };

/** Returns the lines of the chain, newest first; without history steps if the history doesn't match the layers. */
export function strata(image: ImageSummary): readonly Stratum[] {
  const { layers, history } = image;
  const filled = history.filter((step) => !step.emptyLayer);
  if (filled.length !== layers.length) return layers.map((layer) => ({ kind: 'layer' as const, layer, step: null })).reverse();
  const lines: Stratum[] = [];
  let empty: HistoryReport[] = [];
  let index = 0;
  const flush = () => {
    if (empty.length > 0) lines.push({ kind: 'empty', key: `before-${index}`, steps: empty.reverse() });
    empty = [];
  };
  for (const step of history) {
    const layer = step.emptyLayer ? undefined : layers[index];
    if (layer === undefined) {
      empty.push(step);
      continue;
    }
    flush();
    lines.push({ kind: 'layer', layer, step });
    index++;
  }
  flush();
  return lines.reverse();
}

/** Returns when a layer was created, according to its image's history; null if the history doesn't match the layers. */
export function createdAt({ history, layers }: ImageSummary, layer: number): string | null {
  const filled = history.filter((step) => !step.emptyLayer);
  return filled.length === layers.length ? (filled[layer]?.created ?? null) : null;
}

/** Returns the command of a step on one line, safe to show, without the shell that builders prepend; cut if it is very long. */
export function plainCommand(createdBy: string | null): string | null {
  const whole = wholeCommand(createdBy);
  return whole === null ? null : drawnText(whole);
}

/** Like {@link plainCommand}, but never cut. */
export function wholeCommand(createdBy: string | null): string | null {
  if (createdBy === null) return null;
  let text = createdBy.replace(/\s+/g, ' ').trim();
  text = text.replace(/\s*# buildkit$/, '');
  const nop = /^(?:RUN )?(?:\|\d+ .*? )?\/bin\/(?:ba|da|a)?sh -c #\(nop\) ?/.exec(text);
  if (nop) return displayText(text.slice(nop[0].length).trim());
  // `RUN |2 A=1 B=2 /bin/sh -c make`: build arguments before the shell.
  const run = /^(?:RUN )?(?:\|\d+ .*? )?\/bin\/(?:ba|da|a)?sh (?:-o \w+ |-[a-z]+ )+/.exec(text) ?? /^(?:RUN )?cmd \/S \/C /i.exec(text);
  if (run) return displayText(`RUN ${text.slice(run[0].length).trim()}`);
  return text === '' ? null : displayText(text);
}

/** Splits `RUN npm ci` into verb and rest; null if there is no verb. */
export function splitVerb(command: string): { readonly verb: string; readonly rest: string } | null {
  const match = /^([A-Z]{2,}) (.*)$/.exec(command);
  return match?.[1] === undefined || match[2] === undefined ? null : { verb: match[1], rest: match[2] };
}

/** Returns the bytes that a stratum's height shows: the layer's file bytes, or its stored size if it hasn't been read. */
export function stratumBytes(layer: LayerReport, loaded: boolean): number {
  return loaded && layer.status === 'present' ? layer.fileBytes : layer.blobBytes;
}

export const STRATUM_MIN = 24;

/** Minimum height in px of a stratum with a second line, for its counts. */
export const STRATUM_TALL = 42;

/** Minimum height in px of a stratum whose counts may take two lines, below two lines of the command. */
export const STRATUM_ROOMY = 74;

/** Heights in px of a line of the command, of a line of counts, and of what surrounds both. */
const COMMAND_LINE = 18;
const COUNTS_LINE = 16;
const AROUND_LINES = 5;

/** Returns how many lines of its command a stratum has space for above its counts. */
export function commandLines(height: number): number {
  const counts = height < STRATUM_TALL ? 0 : height < STRATUM_ROOMY ? COUNTS_LINE : 2 * COUNTS_LINE;
  return Math.max(1, Math.floor((height - AROUND_LINES - counts) / COMMAND_LINE));
}

/**
 * Computes heights in px, proportional to the sizes, except that no stratum is lower than its text. The text takes {@link STRATUM_TALL} if
 * that fits, and otherwise {@link STRATUM_MIN}. The largest stratum is at most 168 px high, and less if otherwise the strata wouldn't fit
 * into `room`. If they can't fit at all, their total is at most a quarter more than the minimum heights, so that 120 equal layers get one
 * line of text each.
 */
export function stratumHeights(sizes: readonly number[], room: number): number[] {
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
  const heights = (least: number, high: number) =>
    sizes.map((size) => Math.max(least, largest === 0 ? 0 : Math.round((high * size) / largest)));
  for (const { least, high: highest, low, most } of [
    { least: STRATUM_TALL, high: 168, low: 96, most: room },
    { least: STRATUM_MIN, high: 168, low: 72, most: room },
    { least: STRATUM_MIN, high: 64, low: STRATUM_MIN, most: Math.max(room, sizes.length * STRATUM_MIN * 1.25) },
  ]) {
    for (let high = highest; high >= low; high -= 8) {
      const fitted = heights(least, high);
      if (fitted.reduce((sum, height) => sum + height, 0) <= most) return fitted;
    }
  }
  return sizes.map(() => STRATUM_MIN);
}

/** Whether a layer only removes files: it has no bytes itself, and hides some in the layers below. */
export function onlyRemoves(layer: LayerReport): boolean {
  return layer.status === 'present' && layer.fileBytes === 0 && layer.removed > 0;
}
