import { type BigIntStats, lstatSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { displayText } from '#model';
import { fileIdentity, SourceFile, systemError } from '../blob/source-file.ts';
import { linkStart, partsOf } from './link-target.ts';
import { MemberRefused } from './member-refused.ts';
import { type DocumentBounds, FOLDER_BOUNDS, type MemberStore, normalName, readHead, type StoredRange } from './member-store.ts';

const LEGACY_FOLDER = /^[0-9a-f]{64}$/;

/** Maximum number of links that Linux follows in one path. Source: path_resolution(7). */
const MAX_LINKS = 40;

/** State of one lookup. */
interface Search {
  readonly name: string;
  links: number;
}

/**
 * The files of an archive that is unpacked in a folder. Links that stay inside the folder are followed; others only if the user allows it.
 * The text of each link is checked before its target is accessed.
 */
export class FolderMembers implements MemberStore {
  readonly #root: string;
  /** The absolute path as given by the user, with links unresolved. */
  readonly #named: string;
  readonly #followLinks: boolean;
  readonly bounds: DocumentBounds;

  /** Throws NOT_FOUND, PERMISSION. */
  constructor(folder: string, followLinks = false, bounds: DocumentBounds = FOLDER_BOUNDS) {
    this.#followLinks = followLinks;
    this.bounds = bounds;
    this.#named = path.resolve(folder);
    try {
      this.#root = realpathSync(folder);
    } catch (error) {
      throw systemError(error, folder);
    }
  }

  find(name: string): StoredRange | null {
    const normal = normalName(name);
    if (normal === null) throw new MemberRefused('path-escape', `${displayText(name)} points outside the folder`);
    const file = this.#followLinks ? this.#followed(normal) : this.#inside(normal);
    const stats = file === null ? null : this.#stats(file);
    if (file === null || stats === null || !stats.isFile()) return null;
    const identity = fileIdentity(stats);
    return { path: file, start: 0, length: Number(stats.size), identity, key: `${file}:${identity}` };
  }

  /** Yields the top-level files, and `json` in each layer's folder, as written by Docker 1.9 or earlier. */
  *names(): Iterable<string> {
    for (const entry of readdirSync(this.#root, { withFileTypes: true })) {
      if (entry.isFile()) yield entry.name;
      else if (LEGACY_FOLDER.test(entry.name)) yield `${entry.name}/json`;
    }
  }

  head(range: StoredRange, count: number): Uint8Array {
    using file = new SourceFile(range.path, range.identity);
    const bytes = readHead(file, range.start, Math.min(count, range.length));
    file.refuseChanged();
    return bytes;
  }

  /** Returns the real path of a name, through any links; null if there is no such file. */
  #followed(name: string): string | null {
    const parts = partsOf(name);
    const file = this.#real(path.join(this.#root, ...parts));
    if (file === null) this.#refuseDangling(parts);
    return file;
  }

  /**
   * Like {@link #followed}, without leaving the folder. Resolves the path component by component, so that the system doesn't follow any
   * links.
   */
  #inside(name: string): string | null {
    const found = this.#walk([], partsOf(name), { name, links: 0 }, true);
    return found === null ? null : path.join(this.#root, ...found);
  }

  #walk(start: readonly string[], parts: readonly string[], search: Search, isNamed: boolean): string[] | null {
    let at = [...start];
    for (const [index, part] of parts.entries()) {
      if (part === '..') {
        if (at.pop() === undefined) this.#refuseOutside(search.name);
        continue;
      }
      const file = path.join(this.#root, ...at, part);
      const stats = this.#stats(file);
      if (stats === null || !(stats.isSymbolicLink() || stats.isDirectory() || index === parts.length - 1)) return null;
      if (!stats.isSymbolicLink()) {
        at.push(part);
        continue;
      }
      if (++search.links > MAX_LINKS) this.#refuseLoop(search.name);
      const target = this.#target(file);
      const next = linkStart([this.#root, this.#named], at, target);
      if (next === null) this.#refuseOutside(search.name);
      const found = this.#walk(next.at, next.parts, search, false);
      if (found === null) {
        if (isNamed) this.#refuseMissing([...at, part].join('/'), target);
        return null;
      }
      at = found;
    }
    return at;
  }

  #target(file: string): string {
    try {
      return readlinkSync(file);
    } catch (error) {
      throw systemError(error, file);
    }
  }

  #refuseOutside(name: string): never {
    throw new MemberRefused('link-outside', `${displayText(name)} is a link that points outside the folder`);
  }

  #refuseLoop(name: string): never {
    throw new MemberRefused('link-loop', `${displayText(name)} is a link that leads back to itself`);
  }

  #refuseMissing(name: string, target: string): never {
    throw new MemberRefused('missing-blob', `${displayText(name)} is a link to ${displayText(target)}, which does not exist`);
  }

  /** Throws if a link on the path is dangling. */
  #refuseDangling(parts: readonly string[]): void {
    for (let count = 1; count <= parts.length; count++) {
      const file = path.join(this.#root, ...parts.slice(0, count));
      if (this.#stats(file)?.isSymbolicLink() !== true || this.#real(file) !== null) continue;
      this.#refuseMissing(parts.slice(0, count).join('/'), this.#target(file));
    }
  }

  #real(file: string): string | null {
    try {
      return realpathSync(file);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return null;
      if (code === 'ELOOP') this.#refuseLoop(path.relative(this.#root, file));
      throw systemError(error, file);
    }
  }

  #stats(file: string): BigIntStats | null {
    try {
      return lstatSync(file, { bigint: true, throwIfNoEntry: false }) ?? null;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOTDIR' || code === 'ENAMETOOLONG') return null;
      throw systemError(error, file);
    }
  }
}
