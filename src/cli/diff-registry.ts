// `diff A B --registry`: how the registries of two images differ.
import type { ImageView } from '#engine';
import { comparedHiveLine, compareRegistries, createHiveSearch, hiveDifferenceLine, ImageRegistry } from '#engine/registry';
import { displayText } from '#model';
import type { Arguments } from './arguments.ts';
import type { Context } from './context.ts';
import { nothingFound } from './hive-image.ts';
import { changeLines, comparedHiveHeading } from './hive-text.ts';

/** Prints how B's registry differs from A's, and returns whether it does, or whether some of it can't be read. */
export async function printRegistryDifferences(context: Context, args: Arguments, a: ImageView, b: ImageView): Promise<boolean> {
  const { out, style, signal, warn } = context;
  const json = args.flag('json');
  const text = args.value('search');
  const search = text === undefined ? null : createHiveSearch(text);
  const sideOf = ({ loaded, layer }: ImageView) => ({ registry: new ImageRegistry(loaded, signal), layer });
  let hasHives = false;
  let differ = false;
  let isUnread = false;
  /** Printed only before the hive's first difference. */
  let heading = '';
  for await (const item of compareRegistries(sideOf(a), sideOf(b), signal)) {
    hasHives = true;
    if (item.kind === 'unreadable') {
      isUnread = true;
      const { side, file, error } = item;
      warn(`${side.toUpperCase()}, layer ${file.layer}: ${displayText(file.file)}: ${error.message}: the rest is compared`);
    } else if (item.kind === 'compared') {
      if (json) out.write(comparedHiveLine(item));
      else heading = `${comparedHiveHeading(item, style)}\n`;
    } else {
      const change = search === null ? item.change : search.change(item.change);
      if (change === null) continue;
      differ = true;
      if (json) out.write(hiveDifferenceLine({ ...item, change }));
      else {
        out.write(heading);
        heading = '';
        for (const line of changeLines({ ...item, change }, style)) out.write(`${line}\n`);
      }
    }
    if (out.full) await out.drain();
  }
  if (!json && !differ) {
    if (!hasHives) context.note('neither A nor B has registry hives');
    else if (text !== undefined) context.note(nothingFound(text, 'the differences'));
    else out.write(isUnread ? 'no difference in what could be read\n' : 'no difference\n');
  }
  return differ || isUnread;
}
