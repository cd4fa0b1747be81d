// `waste --if`: what the image would weigh if its layers were changed.
import {
  everyWhatIf,
  type LoadedImage,
  packSlim,
  parseWhatIf,
  plannedWeight,
  planOf,
  type Weight,
  type WhatIf,
  weighSlim,
  weightOf,
  whatIfText,
} from '#engine';
import { formatSize, jsonText, plural } from '#model';
import type { Arguments } from './arguments.ts';
import { usageError } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { loadChosen, warnOfGaps } from './load-input.ts';
import { openInput } from './open-input.ts';

interface Answer {
  readonly if: string;
  readonly before: Weight;
  readonly after: Weight;
  /** Why the layers can't be written; null if they can. */
  readonly obstacle: string | null;
  /** Digest of the manifest that was written. */
  readonly manifestDigest?: string;
}

/** Prints what the image would weigh, and writes it if asked to. */
export async function runWhatIf(context: Context, args: Arguments): Promise<number> {
  const typed = args.values('if').join(',');
  const all = typed === 'all';
  if (!all && typed.split(',').includes('all')) throw usageError('--if all tries each change by itself and cannot be combined with others');
  const one = all ? null : parseWhatIf(typed);
  const target = args.value('to');
  if (all && target !== undefined) throw usageError('--to takes one --if, not all');
  for (const option of ['limit', 'rewritten']) if (args.flag(option)) throw usageError(`--${option} and --if cannot be used together`);
  await using input = await openInput(context, args, args.operands[0] ?? '');
  const loaded = await loadChosen(context, args, input);
  warnOfGaps(context, loaded, 0, loaded.image.layers.length - 1);
  const { out, style } = context;
  const before = weightOf(loaded);
  const whats = one === null ? everyWhatIf(loaded.stack) : [one];
  const width = Math.max(...whats.map((what) => whatIfText(what).length), 'as it is'.length);
  let isFirst = !args.flag('json');
  for (const what of whats) {
    const answer = await answerOf(context, loaded, what, { packs: args.flag('pack'), target });
    // Not printed before the first answer, so that a failure prints an error only.
    if (isFirst) out.write(`${'as it is'.padEnd(width)}  ${weightText(before, null)}\n`);
    isFirst = false;
    if (args.flag('json')) out.write(`${jsonText(answer)}\n`);
    else {
      const notes = notesOn(answer);
      out.write(`${answer.if.padEnd(width)}  ${weightText(answer.after, answer.obstacle)}${notes === '' ? '' : `  ${style.dim(notes)}`}\n`);
    }
  }
  return EXIT.done;
}

async function answerOf(
  { signal, progress }: Context,
  loaded: LoadedImage,
  what: WhatIf,
  { packs, target }: { readonly packs: boolean; readonly target: string | undefined },
): Promise<Answer> {
  const plan = planOf(loaded, what);
  const { obstacle } = plan;
  const after = plannedWeight(loaded, what, plan);
  const known = { if: whatIfText(what), before: weightOf(loaded), obstacle };
  const onLayer = (layer: number): void => progress.update({ phase: `packing layer ${layer}`, doneBytes: 0, totalBytes: null });
  if (target !== undefined) {
    await using packed = await packSlim(loaded, what, plan, { signal, onLayer });
    const manifestDigest = await packed.write(target);
    progress.clear();
    return { ...known, after: { ...after, storedBytes: packed.storedBytes }, manifestDigest };
  }
  if (!packs || obstacle !== null) return { ...known, after };
  const storedBytes = await weighSlim(loaded, what, plan, { signal, onLayer });
  progress.clear();
  return { ...known, after: { ...after, storedBytes } };
}

function weightText({ layers, fileBytes, storedBytes }: Weight, obstacle: string | null): string {
  const unknown = obstacle === null ? 'packed size unknown: add --pack' : '';
  const stored = storedBytes === null ? unknown : `${formatSize(storedBytes).padStart(9)} stored`;
  return [plural(layers, 'layer').padStart(10), `${formatSize(fileBytes).padStart(9)} of files`, stored].join('  ').trimEnd();
}

/** Formats the savings: in file bytes, and in stored bytes if they are known. */
function notesOn({ before, after, obstacle }: Answer): string {
  const files = before.fileBytes - after.fileBytes;
  const stored = after.storedBytes === null || before.storedBytes === null ? null : before.storedBytes - after.storedBytes;
  const saved = [
    ...(files > 0 ? [`${formatSize(files)} of files`] : []),
    ...(stored !== null && stored >= 0 ? [`${formatSize(stored)} stored`] : []),
  ];
  const notes = [
    ...(saved.length === 0 ? [] : [`saves ${saved.join(', ')}`]),
    ...(stored !== null && stored < 0 ? [`stores ${formatSize(-stored)} more`] : []),
    ...(files === 0 && stored === null ? ['the files stay the same'] : []),
    ...(obstacle === null ? [] : [`can't be written: ${obstacle}`]),
  ];
  return notes.join(', ');
}
