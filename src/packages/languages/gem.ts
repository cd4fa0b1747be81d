// A gemspec is a Ruby program. It is never run: RubyGems writes installed ones in a fixed form, with one assignment per line.
import { type FoundPackage, foundPackage } from '../package.ts';
import { nameOf, PathListBuilder, parentOf, pathIn } from '../path-list.ts';
import { linesOf, textOf } from '../text.ts';

const MAX_LINE = 4096;
const ASSIGNMENT = /^\s{0,8}\w{1,32}\.(name|version|licenses|license|platform) {0,4}= {0,4}(.*)$/;
const STRING = /["']([^"']*)["']/g;

/** Parses a specification. `path`: the gemspec's path. Null if its name or version isn't a plain string. */
export function parseGemspec(bytes: Uint8Array, path: Uint8Array): FoundPackage | null {
  const values = new Map<string, string[]>();
  for (const line of linesOf(textOf(bytes))) {
    if (line.length > MAX_LINE) continue;
    const [, name, value] = ASSIGNMENT.exec(line) ?? [];
    if (name === undefined || value === undefined || values.has(name)) continue;
    values.set(
      name,
      Array.from(value.matchAll(STRING), (match) => match[1] ?? ''),
    );
  }
  const first = (key: string): string => values.get(key)?.[0] ?? '';
  const licenses = values.get('licenses') ?? values.get('license') ?? [];
  const paths = new PathListBuilder();
  const folders = new PathListBuilder();
  paths.add(path);
  // `specifications/NAME-VERSION.gemspec` describes `gems/NAME-VERSION`, both in the same folder.
  const folder = parentOf(path);
  const specifications = textOf(nameOf(folder)) === 'default' ? parentOf(folder) : folder;
  const stem = nameOf(path).subarray(0, -'.gemspec'.length);
  folders.add(pathIn(pathIn(parentOf(specifications), 'gems'), stem));
  return foundPackage('gem', first('name'), first('version'), {
    license: licenses.join(', '),
    files: { paths: paths.finish(), folders: folders.finish() },
  });
}
