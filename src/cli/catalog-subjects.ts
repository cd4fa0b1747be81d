// The inputs of `catalog index`: files, folders to search, names, and whole engines and stores.
import { type BigIntStats, type Dirent, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ArchiveReader } from '#archive';
import type { Subject } from '#catalog';
import type { ListedEngine } from '#contract';
import { listEngine } from '#engine';
import { familiarName, parseImageWord, type Reference } from '#format/reference';
import { type ErrorCode, fileError, LayerscopeError } from '#model';
import type { Arguments } from './arguments.ts';
import type { Context } from './context.ts';
import { isThere } from './is-there.ts';
import { openImage } from './open-input.ts';
import { hasStore, noStore, openStore } from './open-store.ts';
import { registryReference } from './tags.ts';
import { userRegistries, userSources } from './user-sources.ts';

const ARCHIVE = /\.(tar|tgz|tar\.(gz|zst|xz|bz2))$/i;
/** Files whose presence makes a folder an image: an OCI layout, skopeo’s `dir:`, an unpacked docker-archive. */
const IMAGE_FILES = ['oci-layout', 'index.json', 'manifest.json'] as const;
const WHOLE_ENGINE = /^(docker|podman|containerd):$/;

/**
 * Yields the images that the operands name. `onLink` is called for each link in a folder to an archive or folder, because links aren't
 * followed. Throws USAGE, NOT_FOUND, and the errors of engines, stores and registries.
 */
export async function* findSubjects(
  context: Context,
  args: Arguments,
  reader: ArchiveReader,
  { operands, onLink }: { readonly operands: readonly string[]; readonly onLink: (link: string) => void },
): AsyncGenerator<Subject> {
  const open = (image: string) => () => openImage(reader, context, args, image);
  for (const operand of operands) {
    if (isThere(operand)) yield* inTurn(filesOf(operand, onLink), open);
    else if (operand === 'store:') yield* inTurn(await storedImages(args), open);
    else if (WHOLE_ENGINE.test(operand)) yield* inTurn(await engineImages(context, args, operand.slice(0, -1) as ListedEngine), open);
    else if (args.flag('all-tags')) yield* inTurn(await taggedImages(context, args, operand), open);
    else yield* inTurn([{ source: operand, stamp: stampOfName(operand) }], open);
  }
}

type Found = Pick<Subject, 'source' | 'stamp'>;

function* inTurn(found: Iterable<Found>, open: (image: string) => Subject['open']): Generator<Subject> {
  for (const { source, stamp } of found) yield { source, stamp, open: open(source) };
}

/** Returns the digest in a name, because a name with a digest always means the same image. Null for other names. */
function stampOfName(name: string): string | null {
  try {
    const word = parseImageWord(name);
    const reference = word.kind === 'registry' ? word.reference : word.kind === 'name' ? word.name.reference : null;
    return reference?.digest ?? null;
  } catch {
    return null;
  }
}

/**
 * Yields the operand itself if it is a file or an image folder, otherwise the images below the folder. Links in folders aren't followed.
 * Subfolders that can't be read are yielded too, so that opening them reports why and the rest is still indexed.
 */
function* filesOf(operand: string, onLink: (link: string) => void): Generator<Found> {
  const whole = path.resolve(operand);
  const stats = statOf(whole);
  if (!stats.isDirectory()) {
    yield { source: whole, stamp: stats.isFile() ? stampOf(stats) : null };
    return;
  }
  const left = [whole];
  for (let folder = left.pop(); folder !== undefined; folder = left.pop()) {
    const entries = readFolder(folder, folder === whole);
    if (entries === null) {
      yield { source: folder, stamp: null };
      continue;
    }
    const names = new Set(entries.map(({ name }) => name));
    if (IMAGE_FILES.some((name) => names.has(name))) {
      yield { source: folder, stamp: stampOfFolder(folder, names) };
      continue;
    }
    for (const entry of entries) {
      const file = path.join(folder, entry.name);
      if (entry.isSymbolicLink() && (ARCHIVE.test(entry.name) || isFolder(file))) onLink(file);
      if (entry.isFile() && ARCHIVE.test(entry.name)) yield { source: file, stamp: stampOfFile(file) };
    }
    for (const entry of entries.reverse()) if (entry.isDirectory()) left.push(path.join(folder, entry.name));
  }
}

/** Lists a folder. Returns null if it can't be read; throws if the user named it (`isNamed`). */
function readFolder(folder: string, isNamed: boolean): Dirent[] | null {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (!isNamed) return null;
    throw fileError(error, folder);
  }
}

function isFolder(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isDirectory() === true;
}

function statOf(file: string): BigIntStats {
  try {
    return statSync(file, { bigint: true });
  } catch (error) {
    throw fileError(error, file);
  }
}

/** Returns a file's stamp; null if the file no longer exists. */
function stampOfFile(file: string): string | null {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? null : stampOf(stats);
}

function stampOf({ size, mtimeNs, ino }: BigIntStats): string {
  return `${size} ${mtimeNs} ${ino}`;
}

function stampOfFolder(folder: string, names: ReadonlySet<string>): string {
  return IMAGE_FILES.map((name) => (names.has(name) ? stampOf(statOf(path.join(folder, name))) : '')).join(';');
}

async function storedImages(args: Arguments): Promise<Found[]> {
  if (!(await hasStore(args))) throw noStore(args);
  const driver = await openStore(args, true);
  const images = (await driver.images?.list()) ?? [];
  return images.map(({ manifestDigest }) => ({ source: `store:${manifestDigest}`, stamp: null }));
}

async function engineImages(context: Context, args: Arguments, engine: ListedEngine): Promise<Found[]> {
  const limit = Number.POSITIVE_INFINITY;
  const { images, places, problems } = await listEngine(engine, userSources(args), { signal: context.signal, limit });
  const [problem] = problems;
  if (places.length === 0 && problem !== undefined) throw new LayerscopeError(problem.code as ErrorCode, `${engine}: ${problem.message}`);
  return images.map(({ reference, id }) => ({ source: reference, stamp: id }));
}

async function taggedImages(context: Context, args: Arguments, operand: string): Promise<Found[]> {
  const reference = registryReference(operand);
  const tags = await userRegistries(args).tags(reference, context.signal);
  const named = (tag: string): Reference => ({ ...reference, tag, digest: null });
  return tags.map((tag) => ({ source: `registry:${familiarName(named(tag))}`, stamp: null }));
}
