// What `catalog index` is given: files, folders that are searched, names, and whole engines and stores.
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
/** Files that make a folder an image: an OCI layout, skopeo’s `dir:`, an unpacked docker-archive. */
const IMAGE_FILES = ['oci-layout', 'index.json', 'manifest.json'] as const;
const WHOLE_ENGINE = /^(docker|podman|containerd):$/;

/** Yields what the operands name. Throws USAGE, NOT_FOUND, and what asking engines, stores and registries throws. */
export async function* findSubjects(
  context: Context,
  args: Arguments,
  reader: ArchiveReader,
  operands: readonly string[],
): AsyncGenerator<Subject> {
  const open = (image: string) => () => openImage(reader, context, args, image);
  for (const operand of operands) {
    if (isThere(operand)) yield* inTurn(filesOf(operand), open);
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

/** A name with a digest means the same image forever. */
function stampOfName(name: string): string | null {
  try {
    const word = parseImageWord(name);
    const reference = word.kind === 'registry' ? word.reference : word.kind === 'name' ? word.name.reference : null;
    return reference?.digest ?? null;
  } catch {
    return null;
  }
}

/** Yields the file or the image folder itself, or what a folder has below it. Links in folders aren't followed. */
function* filesOf(operand: string): Generator<Found> {
  const whole = path.resolve(operand);
  const stats = statOf(whole);
  if (!stats.isDirectory()) {
    yield { source: whole, stamp: stats.isFile() ? stampOf(stats) : null };
    return;
  }
  const left = [whole];
  for (let folder = left.pop(); folder !== undefined; folder = left.pop()) {
    const entries = readFolder(folder);
    const names = new Set(entries.map(({ name }) => name));
    if (IMAGE_FILES.some((name) => names.has(name))) {
      yield { source: folder, stamp: stampOfFolder(folder, names) };
      continue;
    }
    for (const entry of entries) {
      const file = path.join(folder, entry.name);
      if (entry.isFile() && ARCHIVE.test(entry.name)) yield { source: file, stamp: stampOf(statOf(file)) };
    }
    for (const entry of entries.reverse()) if (entry.isDirectory()) left.push(path.join(folder, entry.name));
  }
}

function readFolder(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw fileError(error, folder);
  }
}

function statOf(file: string): BigIntStats {
  try {
    return statSync(file, { bigint: true });
  } catch (error) {
    throw fileError(error, file);
  }
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
