// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pieces of source text
import type { Mutant } from './mutant.ts';

const MOUNTS = ['test/driver/portable/mounts.test.ts'];
const IMAGES = ['test/driver/portable/images.test.ts'];
const TABLES = ['test/driver/portable/tables.test.ts'];
const TREE_TEST = ['test/driver/portable/tree-diff.test.ts'];
const TREE = 'src/driver/portable/tree-diff.ts';
const CHANGES_TAR = 'src/disk/changes-tar.ts';
const UNPACK = ['test/driver/windows/unpack-plain.test.ts'];

/** Faults in the portable driver, and in windowsdiff's unpacking. */
export const PORTABLE: readonly Mutant[] = [
  {
    id: 'P01',
    what: 'a new owner is not a change',
    file: TREE,
    search: ' || before.uid !== now.uid || before.gid !== now.gid) return true;',
    replace: ') return true;',
    suite: 'portable',
    tests: TREE_TEST,
  },
  {
    id: 'P02',
    what: "a folder's new time is a change",
    file: TREE,
    search: "  if (now.kind === 'directory') return false;\n",
    replace: '',
    suite: 'portable',
    tests: TREE_TEST,
  },
  {
    id: 'P03',
    what: "a removed folder's contents are listed too",
    file: TREE,
    search: "if (parent !== (this.#folder?.path ?? '')) return;",
    replace: '',
    suite: 'portable',
    tests: TREE_TEST,
  },
  {
    id: 'P04',
    what: "a file's names become separate files",
    file: CHANGES_TAR,
    search: 'const first = entry.links > 1 ? firstNames.get(entry.identity) : undefined;',
    replace: 'const first = undefined;',
    suite: 'portable',
    tests: TREE_TEST,
  },
  {
    id: 'P05',
    what: 'attributes are not written',
    file: CHANGES_TAR,
    search: 'new Map((attributes ?? []).map(',
    replace: 'new Map([].map(',
    suite: 'portable',
    tests: MOUNTS,
  },
  {
    id: 'P06',
    what: 'a layer on a damaged one counts as ready',
    file: 'src/driver/portable/chains.ts',
    search: 'link = { depth: 0, problem: `its parent ${parent} is broken` };',
    replace: 'link = { depth: 1, problem: null };',
    suite: 'portable',
    tests: ['test/driver/portable/records.test.ts'],
  },
  {
    id: 'P07',
    what: "a newer version's records are read",
    file: 'src/driver/portable/layer-record.ts',
    search: 'if (isCount(version) && version > STORE_VERSION) {',
    replace: 'if (false) {',
    suite: 'portable',
    tests: ['test/driver/portable/records.test.ts'],
  },
  {
    id: 'P08',
    what: 'a table stays when its blob is removed',
    file: 'src/driver/portable/layer-tables.ts',
    search: 'if (TABLE.test(name) && !wanted.has(name)) await remove(name);',
    replace: '',
    suite: 'portable',
    tests: TABLES,
    short: true,
  },
  {
    id: 'P09',
    what: 'an uncompressed layer has a table',
    file: 'src/driver/portable/layer-tables.ts',
    search: "if (compression === 'none' || layer.status !== 'present') return;",
    replace: "if (layer.status !== 'present') return;",
    suite: 'portable',
    tests: TABLES,
  },
  {
    id: 'P10',
    what: 'a missing blob is not a problem',
    file: 'src/driver/portable/portable-driver.ts',
    search: 'if (problem === null && record.blob !== null && (await',
    replace: 'if (false && record.blob !== null && (await',
    suite: 'portable',
    tests: IMAGES,
  },
  {
    id: 'U01',
    what: 'an opaque marker removes what its own layer adds',
    file: 'src/driver/windows/unpack-plain.ts',
    search: 'await this.#added.emptyOfOthers(this.#root, folder);',
    replace: 'for (const { name: gone } of await this.#root.list(folder)) await this.#root.removeAll(`${folder}\\\\${gone}`);',
    suite: 'unit',
    tests: UNPACK,
  },
  {
    id: 'U02',
    what: 'a link may point outside',
    file: 'src/driver/windows/unpack-plain.ts',
    search: 'else if (at.length <= least) refuse();',
    replace: 'else if (at.length <= -1) refuse();',
    suite: 'unit',
    tests: UNPACK,
  },
  {
    id: 'U03',
    what: 'a name may point outside',
    file: 'src/driver/windows/unpack-plain.ts',
    search: "if (parts.includes('..')) throw new LayerscopeError('PATH_ESCAPE', `${shown}: it leads outside the layer`);",
    replace: '',
    suite: 'unit',
    tests: UNPACK,
  },
];
