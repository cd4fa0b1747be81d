// A jar is a ZIP file. An application's jar contains its libraries' jars, which may contain more.
import { findZipDirectory, ZIP_TAIL_BYTES, type ZipEntry, zip64Directory, zipEntries } from '#format/zip';
import { decodeUtf8, LayerscopeError, type Rest } from '#model';
import { type FoundPackage, foundPackage, NO_FILES, type OwnedFiles } from '../package.ts';
import { type Content, contentOf, contentWithin, type Inflaters } from '../seen-files.ts';
import type { JarBudget } from './jar-budget.ts';
import { type Artifact, artifactOf, parseJarManifest, parsePomProperties } from './maven.ts';

/** Limits for a jar and everything in it; sizes are in bytes. */
const MAX_DEPTH = 4;
const MAX_JARS = 4000;
const MAX_ENTRIES = 1_000_000;
const MAX_DIRECTORY = 32 * 1024 * 1024;
const MAX_TEXT = 1024 * 1024;
const MAX_NESTED = 64 * 1024 * 1024;
const MAX_INFLATED = 512 * 1024 * 1024;

const ENTRIES_A_TURN = 1_000;

const LOCAL_HEADER = 30;
const LOCAL_MAGIC = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;

/** Whether a file with this name is a jar or a similar archive. */
export function isJarName(name: string): boolean {
  return /\.(?:jar|war|ear|par|sar|nar|kar|jpi|hpi|rar|lpkg)$/i.test(name);
}

interface Nested {
  /** Called only when the jar is about to be read, so that few jars are in memory at once. */
  readonly open: () => Promise<Content | null>;
  readonly name: string;
  readonly depth: number;
}

/**
 * Reads the packages of a jar and of the jars in it. `name`: the file's name. The jar's own package owns `files`. Throws DAMAGED,
 * TOO_LARGE.
 */
export async function readJar(
  content: Content,
  name: string,
  {
    inflaters,
    budget,
    files,
    rest,
  }: { readonly inflaters: Inflaters; readonly budget: JarBudget; readonly files: OwnedFiles; readonly rest: Rest },
): Promise<FoundPackage[]> {
  const walk = new JarWalk(inflaters, budget, rest);
  const found: FoundPackage[] = [];
  const todo: Nested[] = [{ open: async () => content, name, depth: 0 }];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { artifacts, jars } = await walk.read(next);
    for (const [index, { group, name: artifact, version }] of artifacts.entries()) {
      const owned = next.depth === 0 && index === 0 ? files : NO_FILES;
      const each = foundPackage('maven', group === '' ? artifact : `${group}:${artifact}`, version, { files: owned });
      if (each !== null) found.push(each);
    }
    for (const jar of jars.reverse()) todo.push(jar);
  }
  return distinct(found);
}

/** Keeps only one package with the same name and version, because libraries are often bundled more than once. */
function distinct(found: readonly FoundPackage[]): FoundPackage[] {
  const known = new Map<string, FoundPackage>();
  for (const each of found) {
    const key = `${each.name}\0${each.version}`;
    if (!known.has(key)) known.set(key, each);
  }
  return [...known.values()];
}

class JarWalk {
  readonly #inflaters: Inflaters;
  readonly #budget: JarBudget;
  readonly #rest: Rest;
  #jars = MAX_JARS;
  #entries = MAX_ENTRIES;
  #bytes = MAX_INFLATED;

  constructor(inflaters: Inflaters, budget: JarBudget, rest: Rest) {
    this.#inflaters = inflaters;
    this.#budget = budget;
    this.#rest = rest;
  }

  /** Reads the artifacts of one jar, its own first, and finds the jars in it. A nested file that isn't a ZIP file has none. */
  async read({ open, name, depth }: Nested): Promise<{ readonly artifacts: Artifact[]; readonly jars: Nested[] }> {
    if (this.#jars-- === 0) throw tooLarge();
    if (depth > 0) this.#budget.take({ nested: 1 });
    const content = await open();
    if (content === null) return { artifacts: [], jars: [] };
    const artifacts: Artifact[] = [];
    const jars: Nested[] = [];
    let manifest: ReadonlyMap<string, string> = new Map();
    for (const [index, entry] of (await this.#list(content)).entries()) {
      if (index % ENTRIES_A_TURN === 0) await this.#rest();
      const path = decodeUtf8(entry.name) ?? '';
      if (path === 'META-INF/MANIFEST.MF') manifest = parseJarManifest(await this.#text(content, entry));
      else if (/^META-INF\/maven\/[^/]+\/[^/]+\/pom\.properties$/.test(path)) {
        const artifact = parsePomProperties(await this.#text(content, entry));
        if (artifact !== null) artifacts.push(artifact);
      } else if (depth < MAX_DEPTH && isJarName(path)) {
        jars.push({ open: () => this.#nested(content, entry), name: path.slice(path.lastIndexOf('/') + 1), depth: depth + 1 });
      }
    }
    return { artifacts: ownFirst(artifacts, manifest, name), jars };
  }

  async #list(content: Content): Promise<ZipEntry[]> {
    const tailBytes = Math.min(content.size, ZIP_TAIL_BYTES);
    const found = findZipDirectory(await content.read(content.size - tailBytes, tailBytes), content.size);
    if (found === null) return [];
    const { offset, bytes, entries } = found.end64 === null ? found : zip64Directory(await content.read(found.end64, 56));
    this.#entries -= entries;
    if (bytes > MAX_DIRECTORY || this.#entries < 0) throw tooLarge();
    this.#budget.take({ entries });
    const list: ZipEntry[] = [];
    for (const entry of zipEntries(await content.read(offset, bytes))) {
      if (list.length >= MAX_ENTRIES) throw tooLarge();
      list.push(entry);
    }
    return list;
  }

  /** Opens a nested jar. One that is stored uncompressed isn't copied. */
  async #nested(content: Content, entry: ZipEntry): Promise<Content | null> {
    if (entry.method === STORED && !entry.isEncrypted) {
      const start = await dataStart(content, entry);
      return start === null ? null : contentWithin(content, start, entry.storedBytes);
    }
    const bytes = await this.#body(content, entry, MAX_NESTED);
    return bytes === null ? null : contentOf(bytes);
  }

  /**
   * Reads an entry; empty if the entry is too large or can't be read. Throws TOO_LARGE if a limit for this jar or for all jars is exceeded.
   */
  async #text(content: Content, entry: ZipEntry): Promise<Uint8Array> {
    const bytes = (await this.#body(content, entry, MAX_TEXT)) ?? new Uint8Array(0);
    this.#budget.take({ text: bytes.length });
    return bytes;
  }

  /**
   * Reads an entry; null if the entry is larger than `most` or can't be read. Throws TOO_LARGE if a limit for this jar or for all jars is
   * exceeded.
   */
  async #body(content: Content, entry: ZipEntry, most: number): Promise<Uint8Array | null> {
    if (entry.isEncrypted || entry.sizeBytes > most || entry.storedBytes > most) return null;
    const start = await dataStart(content, entry);
    if (start === null) return null;
    await this.#rest();
    const stored = await content.read(start, entry.storedBytes);
    if (entry.method === STORED) return stored;
    if (entry.method !== DEFLATED) return null;
    if (entry.sizeBytes > this.#bytes) throw tooLarge();
    this.#bytes -= entry.sizeBytes;
    this.#budget.take({ inflated: entry.sizeBytes });
    return this.#inflaters.inflateRaw(stored, entry.sizeBytes);
  }
}

/**
 * Moves the artifact that the jar is named after to the front. If there are no artifacts, returns the one that the manifest and the file
 * name describe, if any.
 */
function ownFirst(artifacts: Artifact[], manifest: ReadonlyMap<string, string>, fileName: string): Artifact[] {
  if (artifacts.length === 0) {
    const own = artifactOf(manifest, fileName);
    return own === null ? [] : [own];
  }
  const isOwn = ({ name }: Artifact): number => (fileName.startsWith(name) ? 0 : 1);
  return artifacts.sort((a, b) => isOwn(a) - isOwn(b));
}

/**
 * Returns where an entry's data begins, according to its local header, whose extra field may be longer than the directory states. Null if
 * there is no header.
 */
async function dataStart(content: Content, { headerOffset }: ZipEntry): Promise<number | null> {
  const header = await content.read(headerOffset, LOCAL_HEADER);
  if (header.length < LOCAL_HEADER) return null;
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (view.getUint32(0, true) !== LOCAL_MAGIC) return null;
  return headerOffset + LOCAL_HEADER + view.getUint16(26, true) + view.getUint16(28, true);
}

function tooLarge(): LayerscopeError {
  return new LayerscopeError('TOO_LARGE', 'a jar with too much in it');
}
