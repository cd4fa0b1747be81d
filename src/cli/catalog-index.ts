import { CatalogFolder, type IndexError, type IndexSummary, indexImages } from '#catalog';
import { displayText, formatCount, formatSize, jsonText, plural } from '#model';
import type { Arguments } from './arguments.ts';
import { usageError } from './arguments.ts';
import { findSubjects } from './catalog-subjects.ts';
import { type Context, EXIT } from './context.ts';
import { readerFor } from './open-input.ts';

/** Maximum number of errors in the JSON; the rows of the catalog include all of them. */
const MOST_ERRORS = 1000;

/** Runs `catalog index`. */
export async function runIndex(context: Context, args: Arguments, operands: readonly string[]): Promise<number> {
  const to = args.value('to');
  if (to === undefined) throw usageError('catalog index needs --to FOLDER');
  if (operands.length === 0) throw usageError('catalog index needs images: files, folders or names');
  const { signal, progress } = context;
  using catalog = CatalogFolder.create(to);
  const errors: IndexError[] = [];
  await using reader = readerFor(args, { callerReads: false, sumKey: catalog.sumKey });
  const links: string[] = [];
  const subjects = findSubjects(context, args, reader, { operands, onLink: (link) => links.push(link) });
  const summary = await indexImages(catalog, reader, subjects, {
    scan: args.flag('scan'),
    verify: args.flag('verify'),
    signal,
    onProgress: ({ images, newLayers, bytes }) =>
      progress.update({ phase: `${formatCount(images)} images, ${formatCount(newLayers)} new layers`, doneBytes: bytes, totalBytes: null }),
    onError: (error) => {
      if (errors.length < MOST_ERRORS) errors.push(error);
      const name = error.reference === null ? '' : ` ${displayText(error.reference)}`;
      context.warn(`${displayText(error.source)}${name}: ${error.code}: ${error.message}`);
    },
  });
  catalog.sweep();
  catalog.requireThere();
  progress.clear();
  const [link] = links;
  if (link !== undefined) {
    const which = links.length === 1 ? `the link ${link} is` : `${formatCount(links.length)} links, such as ${link}, are`;
    context.warn(`${which} not followed: to index what a link leads to, name it`);
  }
  const facts = { to: displayText(catalog.path), ...summary, linksSkipped: links.length, errors };
  if (args.flag('json')) context.out.write(`${jsonText(facts, 2)}\n`);
  else context.out.write(`${summaryLine(summary)}\n`);
  return summary.failed > 0 ? EXIT.unreadable : EXIT.done;
}

function summaryLine({ subjects, unchanged, images, newImages, failed, newLayers, newEntries, newBytes }: IndexSummary): string {
  if (subjects === 0) return 'nothing to index: no archive and no image folder was found';
  const read = [
    plural(images, 'image'),
    `${formatCount(newImages)} new`,
    `${plural(newLayers, 'new layer')} with ${plural(newEntries, 'entry', 'entries')}, ${formatSize(newBytes)}`,
  ];
  const parts = [
    ...(images > 0 ? read : ['nothing new']),
    ...(unchanged === 0 ? [] : [`${formatCount(unchanged)} of ${plural(subjects, 'source')} unchanged`]),
    ...(failed === 0 ? [] : [`${formatCount(failed)} failed`]),
  ];
  return parts.join(' · ');
}
