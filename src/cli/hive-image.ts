// `hive IMAGE`: what layers changed in the registry, and hives as seen at a layer.
import type { LoadedImage } from '#engine';
import {
  type ChangeOfHive,
  createHiveSearch,
  hiveChangeLine,
  hiveOfLayerLine,
  ImageRegistry,
  registryPlace,
  regOfView,
  searchKey,
  viewKeyLine,
} from '#engine/registry';
import { walkView } from '#format/registry-hive';
import { displayText, LayerscopeError } from '#model';
import type { Arguments } from './arguments.ts';
import type { Context } from './context.ts';
import { writeReg } from './hive-reg.ts';
import { changeLines, hiveOfLayerHeading, keyHeading, shownValueLines } from './hive-text.ts';

/** Prints what `layers` changed. */
export async function printChanges(context: Context, args: Arguments, loaded: LoadedImage, layers: readonly number[]): Promise<void> {
  const { out, style, signal, warn } = context;
  const registry = new ImageRegistry(loaded, signal);
  const json = args.flag('json');
  const text = args.value('search');
  const search = text === undefined ? null : createHiveSearch(text);
  let hasHives = false;
  let hasFound = false;
  /** In a search, a hive's heading is printed only before the first match in it. */
  let heading = '';
  for (const layer of layers) {
    for await (const item of registry.changes(layer, { deltasAlone: !json })) {
      hasHives = true;
      if (item.kind === 'unreadable') warn(unreadableText(layer, item.file.file, item.error.message));
      else if (item.kind === 'hive') {
        heading = json ? hiveOfLayerLine(item) : `${hiveOfLayerHeading(item, style)}\n`;
        if (search !== null && !json) continue;
        out.write(heading);
        heading = '';
      } else {
        const change = search === null ? item.change : search.change(item.change);
        if (change === null) continue;
        hasFound = true;
        out.write(heading);
        heading = '';
        writeChange(context, { ...item, change }, json);
      }
      if (out.full) await out.drain();
    }
  }
  if (json) return;
  if (!hasHives) context.note(layers.length === 1 ? 'the layer has no registry hives' : 'the image has no registry hives');
  else if (text !== undefined && !hasFound) context.note(nothingFound(text, 'what the layers changed'));
}

/** Returns a note for a search without matches, because empty output is ambiguous. */
export function nothingFound(text: string, where: string): string {
  return `no key, name or text in ${where} contains ${displayText(text)}`;
}

function unreadableText(layer: number, file: string, message: string): string {
  return `layer ${layer}: ${displayText(file)}: ${message}: the rest is shown`;
}

function writeChange({ out, style }: Context, item: ChangeOfHive, json: boolean): void {
  if (json) out.write(hiveChangeLine(item));
  else for (const line of changeLines(item, style)) out.write(`${line}\n`);
}

/** Prints a hive, or one of its keys, as seen at a layer. Throws NOT_FOUND if the image doesn't have it. */
export async function printView(
  context: Context,
  args: Arguments,
  { loaded, layer, hive }: { readonly loaded: LoadedImage; readonly layer: number; readonly hive: string },
): Promise<void> {
  const { out, style, signal, warn } = context;
  const registry = new ImageRegistry(loaded, signal);
  const at = registry.resolve(hive);
  const view = await registry.view(at.key, layer, ({ file, error }) => warn(unreadableText(file.layer, file.file, error.message)));
  const from = registry.currentControlSet(at, view);
  if (from !== at.path) context.note(`CurrentControlSet is ${displayText(from.split('\\', 1)[0] ?? '')}`);
  if (walkView(view, from).next().done)
    throw new LayerscopeError('NOT_FOUND', `${displayText(hive)} is not in the registry as seen at layer ${layer}`);
  if (args.flag('reg')) return writeReg(context, regOfView(view, registryPlace(at.hive), from));
  const text = args.value('search');
  const search = text === undefined ? null : createHiveSearch(text);
  let hasFound = false;
  for (const { path, key } of walkView(view, from)) {
    const values = search === null ? key.values : searchKey(search, key.name, key.values);
    if (values === null) continue;
    hasFound = true;
    if (args.flag('json')) out.write(viewKeyLine(path, { ...key, values }));
    else {
      out.write(`${keyHeading(path, key.written, null, style, key.layers)}\n`);
      for (const line of shownValueLines(values, style)) out.write(`${line}\n`);
    }
    if (out.full) await out.drain();
  }
  if (text !== undefined && !hasFound && !args.flag('json')) context.note(nothingFound(text, displayText(hive)));
}
