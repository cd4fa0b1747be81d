// Folders that contain an unpacked archive: an OCI layout, a docker-archive or skopeo's `dir:`, recognized by their content.
import { asObject, dockerManifestProblem, parseJson } from '#format/image';
import { LayerscopeError } from '#model';
import { addDirIndex, DirMembers, isDirFormat } from '../members/dir-members.ts';
import { FolderMembers } from '../members/folder-members.ts';
import { MemberRefused } from '../members/member-refused.ts';
import { FOLDER_BOUNDS, type MemberStore, readDocument, STORE_BOUNDS } from '../members/member-store.ts';
import { type NewPath, OverlayMembers } from '../members/overlay-members.ts';
import { addLegacyImages, hasLegacyLayers } from './docker-archive.ts';
import { ImageList } from './image-list.ts';
import { addByIndex, addByManifest, type OpenedArchive, openedList } from './open-archive.ts';

/**
 * Opens the OCI layout of a store, with wider limits than for other folders. `newIndex` names a file in the layout to read instead of
 * index.json, with the usual limits, as other readers would. Throws NOT_AN_IMAGE if it isn't a layout; BAD_MANIFEST, TOO_LARGE, NOT_FOUND,
 * PERMISSION, IO.
 */
export function openLayoutFolder(folder: string, newIndex: string | null = null): OpenedArchive {
  const members = new FolderMembers(folder, false, newIndex === null ? STORE_BOUNDS : FOLDER_BOUNDS);
  return openLayout(new OverlayMembers(newIndex === null ? members : withIndex(members, newIndex), null));
}

/** Returns the members with another file in place of index.json. */
function withIndex(members: FolderMembers, newIndex: string): MemberStore {
  return {
    find: (name) => members.find(name === 'index.json' ? newIndex : name),
    names: () => members.names(),
    head: (range, count) => members.head(range, count),
    bounds: members.bounds,
  };
}

/**
 * Opens a folder that contains any kind of archive. With `followLinks`, follows links that lead out of it. Throws NOT_AN_IMAGE if there is
 * none; PATH_ESCAPE if its index is a link that leads outside; BAD_MANIFEST, NOT_FOUND, PERMISSION, IO.
 */
export function openFolder(folder: string, newPath: NewPath, followLinks: boolean): OpenedArchive {
  try {
    return openAny(folder, newPath, followLinks);
  } catch (error) {
    if (!(error instanceof MemberRefused) || error.finding !== 'link-outside') throw error;
    throw new LayerscopeError('PATH_ESCAPE', `${error.message}: open it with --follow-links, or copy it with its links resolved`, {
      cause: error,
    });
  }
}

function openAny(folder: string, newPath: NewPath, followLinks: boolean): OpenedArchive {
  const members = new FolderMembers(folder, followLinks);
  const store = new OverlayMembers(members, newPath);
  const problem = manifestProblem(store);
  const list = new ImageList(store);
  if (problem === null) return openedList(addByManifest(list, store, 'oci-layout'), list, store);
  if (store.find('index.json') !== null || store.find('oci-layout') !== null) return openLayout(store, problem === '' ? null : problem);
  if (problem !== '' && isDirFormat(members)) return openDir(members, newPath);
  if (hasLegacyLayers(store)) {
    if (problem !== '') list.report('manifest-unreadable', problem);
    addLegacyImages(list, store);
    return openedList('docker-archive', list, store);
  }
  if (problem !== '') throw new LayerscopeError('BAD_MANIFEST', problem);
  throw new LayerscopeError('NOT_AN_IMAGE', 'the folder holds no image: it has neither index.json nor manifest.json');
}

function openLayout(store: OverlayMembers, manifestProblem: string | null = null): OpenedArchive {
  if (store.find('index.json') === null) {
    const isLayout = store.find('oci-layout') !== null;
    throw new LayerscopeError(
      isLayout ? 'BAD_MANIFEST' : 'NOT_AN_IMAGE',
      isLayout ? 'an OCI layout without index.json' : 'a folder without index.json is not an OCI layout',
    );
  }
  const list = new ImageList(store);
  if (manifestProblem !== null) list.report('manifest-unreadable', `${manifestProblem}: using index.json instead`);
  addByIndex(list, store);
  return openedList('oci-layout', list, store);
}

function openDir(folder: MemberStore, newPath: NewPath): OpenedArchive {
  const members = new DirMembers(folder);
  const store = new OverlayMembers(members, newPath);
  addDirIndex(store, members);
  const list = new ImageList(store);
  addByIndex(list, store);
  return openedList('dir', list, store);
}

/** Returns why manifest.json isn't a docker-archive's; empty if there is no manifest.json, null if nothing is wrong. */
function manifestProblem(store: MemberStore): string | null {
  const bytes = readDocument(store, 'manifest.json');
  if (bytes === null) return '';
  try {
    const value = parseJson(bytes, 'manifest.json');
    // Next to an index.json, a manifest.json with an object isn't a problem: it may be another format's manifest, or an unrelated file.
    return asObject(value) !== null && store.find('index.json') !== null ? '' : dockerManifestProblem(value);
  } catch (error) {
    if (!(error instanceof LayerscopeError) || error.code !== 'BAD_MANIFEST') throw error;
    return error.message;
  }
}
