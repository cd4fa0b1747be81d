// The utility VM of a layer, UtilityVM\Files: Windows can't stack them, so a layer gets its parent's whole, file by file as hard
// links, and changes that. What Windows writes into in place is copied. Follows hcsshim's cloneTree, and compares the names of the
// files to copy with the path below UtilityVM\Files, without case: hcsshim has looked for them below the layer since 2018, finds
// none, and lets the child's boot files change the parent's.
import { FILE_ATTRIBUTE } from '#format/windows-tar';
import { LayerscopeError } from '#model';
import { FolderTimes } from './folder-times.ts';
import { ACCESS, type RootFolder } from './native.ts';

export const UTILITY_FILES = 'UtilityVM\\Files';

/** Boot files that Windows changes when it makes a utility VM of a layer, and the copy of each that Docker keeps in the layer's folder. */
const MUTATED_FILES: ReadonlyMap<string, string> = new Map([
  ['EFI\\MICROSOFT\\BOOT\\BCD', 'bcd.bak'],
  ['EFI\\MICROSOFT\\BOOT\\BCD.LOG', 'bcd.log.bak'],
  ['EFI\\MICROSOFT\\BOOT\\BCD.LOG1', 'bcd.log1.bak'],
  ['EFI\\MICROSOFT\\BOOT\\BCD.LOG2', 'bcd.log2.bak'],
]);

/** The copy that is kept of a file of the utility VM, null for others. `path`: below the layer. */
export function keptCopyOf(path: string): string | null {
  const prefix = `${UTILITY_FILES}\\`;
  return path.startsWith(prefix) ? (MUTATED_FILES.get(path.slice(prefix.length).toUpperCase()) ?? null) : null;
}

const READ = (ACCESS.read | ACCESS.systemSecurity) >>> 0;
const WRITE = (ACCESS.read | ACCESS.write | ACCESS.writeDacl | ACCESS.writeOwner | ACCESS.systemSecurity) >>> 0;

/** A file or folder with all that a backup holds of it, but not what is in a folder. */
async function copyWithMetadata(from: RootFolder, to: RootFolder, path: string, folder: boolean): Promise<void> {
  await using source = await from.open(path, { access: READ, create: 'existing' });
  await using target = await to.open(path, { access: WRITE, create: 'new', folder });
  await target.setBasicInfo(await source.basicInfo());
  await using sink = target.backupSink({ security: true });
  for await (const bytes of source.backup({ security: true })) await sink.write(bytes);
}

/** Gives `layer` the utility VM of `parent`. NOT_FOUND where the parent has none, PATH_ESCAPE where that is a link. */
export async function cloneUtilityVm(parent: RootFolder, layer: RootFolder): Promise<void> {
  const facts = await parent.facts(UTILITY_FILES);
  if (facts === null) throw new LayerscopeError('NOT_FOUND', 'the parent has no utility VM that the layer could change');
  if ((facts.attributes & FILE_ATTRIBUTE.reparsePoint) !== 0) {
    throw new LayerscopeError('PATH_ESCAPE', "the parent's UtilityVM\\Files is a link");
  }
  await layer.makeFolder('UtilityVM');
  const times = new FolderTimes();
  const clone = async (path: string, attributes: number): Promise<void> => {
    const isLink = (attributes & FILE_ATTRIBUTE.reparsePoint) !== 0;
    const isFolder = (attributes & FILE_ATTRIBUTE.directory) !== 0;
    if (!isLink && !isFolder && keptCopyOf(path) === null) {
      await layer.link(path, parent, path);
      return;
    }
    await copyWithMetadata(parent, layer, path, isFolder);
    if (!isFolder || isLink) return;
    {
      await using folder = await parent.open(path, { access: READ, create: 'existing' });
      times.add(path, await folder.basicInfo());
    }
    for (const { name, attributes: below } of await parent.list(path)) await clone(`${path}\\${name}`, below);
  };
  await clone(UTILITY_FILES, facts.attributes);
  await times.apply(layer);
}
