// A layer's utility VM, UtilityVM\Files. Windows can't stack utility VMs, so a layer starts with a clone of its parent's, made of hard
// links; the files that Windows changes in place are copied. Follows hcsshim's cloneTree, but matches the names of those files below
// UtilityVM\Files, ignoring case. Since 2018 hcsshim has matched names relative to the layer and therefore finds none, so changes to the
// child's boot files also change the parent's.
import { FILE_ATTRIBUTE } from '#format/windows-tar';
import { foldWindowsCase, LayerscopeError } from '#model';
import { FolderTimes } from './folder-times.ts';
import { ACCESS, type FileFacts, isLink, isRealFolder, type RootFolder } from './native.ts';

export const UTILITY_FILES = 'UtilityVM\\Files';

/** Boot files that Windows changes when it makes a utility VM, and the name of Docker's backup of each in the layer's folder. */
const MUTATED_FILES: ReadonlyMap<string, string> = new Map([
  ['efi\\microsoft\\boot\\bcd', 'bcd.bak'],
  ['efi\\microsoft\\boot\\bcd.log', 'bcd.log.bak'],
  ['efi\\microsoft\\boot\\bcd.log1', 'bcd.log1.bak'],
  ['efi\\microsoft\\boot\\bcd.log2', 'bcd.log2.bak'],
]);

/** Returns the name of a boot file's backup; null for any other file. `path` is relative to the layer. */
export function keptCopyOf(path: string): string | null {
  const prefix = `${UTILITY_FILES}\\`;
  return path.startsWith(prefix) ? (MUTATED_FILES.get(foldWindowsCase(path.slice(prefix.length))) ?? null) : null;
}

const READ = (ACCESS.read | ACCESS.systemSecurity) >>> 0;
const WRITE = (ACCESS.read | ACCESS.write | ACCESS.writeDacl | ACCESS.writeOwner | ACCESS.systemSecurity) >>> 0;

/** Copies a file or folder with its whole backup stream, but not a folder's contents. */
async function copyWithMetadata(from: RootFolder, to: RootFolder, path: string, folder: boolean): Promise<void> {
  await using source = await from.open(path, { access: READ, create: 'existing' });
  await using target = await to.open(path, { access: WRITE, create: 'new', folder });
  await target.setBasicInfo(await source.basicInfo());
  await using sink = target.backupSink({ security: true });
  for await (const bytes of source.backup({ security: true })) await sink.write(bytes);
}

/** Clones the parent's utility VM into `layer`. Throws NOT_FOUND if the parent has none, PATH_ESCAPE if it is a link. */
export async function cloneUtilityVm(parent: RootFolder, layer: RootFolder): Promise<void> {
  const facts = await parent.facts(UTILITY_FILES);
  if (facts === null) throw new LayerscopeError('NOT_FOUND', 'the parent has no utility VM that the layer could change');
  if (isLink(facts)) {
    throw new LayerscopeError('PATH_ESCAPE', "the parent's UtilityVM\\Files is a link");
  }
  await layer.makeFolder('UtilityVM');
  const times = new FolderTimes();
  const clone = async (path: string, found: FileFacts): Promise<void> => {
    const isFolder = (found.attributes & FILE_ATTRIBUTE.directory) !== 0;
    if (!isLink(found) && !isFolder && keptCopyOf(path) === null) {
      await layer.link(path, parent, path);
      return;
    }
    await copyWithMetadata(parent, layer, path, isFolder);
    if (!isRealFolder(found)) return;
    {
      await using folder = await parent.open(path, { access: READ, create: 'existing' });
      times.add(path, await folder.basicInfo());
    }
    for (const below of await parent.list(path)) await clone(`${path}\\${below.name}`, below);
  };
  await clone(UTILITY_FILES, facts);
  await times.apply(layer);
}
