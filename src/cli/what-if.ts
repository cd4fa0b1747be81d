// `waste --if`.
import { everyWhatIf, packSlim, parseWhatIf, plannedWeight, planOf, type Weight, type WhatIf, weightOf, whatIfText } from '#engine';
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
  const typed = args.value('if') ?? '';
  const all = typed === 'all';
  const one = all ? null : parseWhatIf(typed);
  const target = args.value('to');
  if (all && target !== undefined) throw usageError('--to takes one --if, not all');
  await using input = await openInput(context, args, args.operands[0] ?? '');
  const loaded = await loadChosen(context, args, input);
  warnOfGaps(context, loaded, 0, loaded.image.layers.length - 1);
  const before = weightOf(loaded);
  const { out, style, progress, signal } = context;
  const answer = async (what: WhatIf): Promise<Answer> => {
    const plan = planOf(loaded, what);
    const after = plannedWeight(loaded, plan);
    const known = { if: whatIfText(what), before, obstacle: plan.obstacle };
    if (target === undefined && (!args.flag('pack') || plan.obstacle !== null)) return { ...known, after };
    await using packed = await packSlim(loaded, what, plan, {
      signal,
      onLayer: (layer) => progress.update({ phase: `packing layer ${layer}`, doneBytes: 0, totalBytes: null }),
    });
    const manifestDigest = target === undefined ? {} : { manifestDigest: await packed.write(target) };
    progress.clear();
    return { ...known, after: { ...after, storedBytes: packed.storedBytes }, ...manifestDigest };
  };
  if (!args.flag('json')) out.write(`${'as it is'.padEnd(WIDTH)}  ${weightText(before)}\n`);
  for (const what of one === null ? everyWhatIf(loaded.stack) : [one]) {
    const found = await answer(what);
    if (args.flag('json')) out.write(`${jsonText(found)}\n`);
    else {
      const saved = before.fileBytes - found.after.fileBytes;
      const notes = [`saves ${formatSize(saved)}`, ...(found.obstacle === null ? [] : [`can't be written: ${found.obstacle}`])];
      out.write(`${found.if.padEnd(WIDTH)}  ${weightText(found.after)}  ${style.dim(notes.join(', '))}\n`);
    }
  }
  return EXIT.done;
}

const WIDTH = 'merge-removals'.length;

function weightText({ layers, fileBytes, storedBytes }: Weight): string {
  const stored = storedBytes === null ? 'not packed' : `${formatSize(storedBytes)} stored`;
  return [plural(layers, 'layer').padStart(10), `${formatSize(fileBytes).padStart(9)} of files`, stored.padStart(16)].join('  ');
}
