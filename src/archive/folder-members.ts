import { type BigIntStats, lstatSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { displayText } from '#model';
import { MemberRefused } from './member-refused.ts';
import { type MemberStore, normalName, readHead, type StoredRange } from './member-store.ts';
import { fileIdentity, SourceFile, systemError } from './source-file.ts';

const LEGACY_FOLDER = /^[0-9a-f]{64}$/;

/** The files of a folder that is an archive laid out. Links are followed where they stay inside it, others where the user says so. */
export class FolderMembers implements MemberStore {
  readonly #root: string;
  readonly #followLinks: boolean;

  /** Throws NOT_FOUND, PERMISSION. */
  constructor(folder: string, followLinks = false) {
    this.#followLinks = followLinks;
    try {
      this.#root = realpathSync(folder);
    } catch (error) {
      throw systemError(error, folder);
    }
  }

  find(name: string): StoredRange | null {
    const normal = normalName(name);
    if (normal === null) throw new MemberRefused('path-escape', `${displayText(name)} leads out of the folder`);
    const parts = normal.split('/');
    const file = this.#real(path.join(this.#root, ...parts));
    if (file === null) {
      this.#refuseDangling(parts);
      return null;
    }
    if (!this.#followLinks && this.#isOutside(file)) this.#refuseOutside(name);
    const stats = this.#stats(file);
    if (stats === null || !stats.isFile()) return null;
    const identity = fileIdentity(stats);
    return { path: file, start: 0, length: Number(stats.size), identity, key: `${file}:${identity}` };
  }

  /** Those at its top, and `json` of the folders that Docker up to 1.9 made for each layer. */
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

  #isOutside(file: string): boolean {
    const inside = path.relative(this.#root, file);
    return inside === '..' || inside.startsWith(`..${path.sep}`) || path.isAbsolute(inside);
  }

  #refuseOutside(name: string): never {
    throw new MemberRefused('link-outside', `${displayText(name)} is a link that leads out of the folder`);
  }

  /** Nothing is there: says so where a link on the way leads to nothing. */
  #refuseDangling(parts: readonly string[]): void {
    for (let count = 1; count <= parts.length; count++) {
      const file = path.join(this.#root, ...parts.slice(0, count));
      if (this.#stats(file)?.isSymbolicLink() !== true) continue;
      if (this.#real(file) !== null) continue;
      const target = readlinkSync(file);
      const name = displayText(parts.slice(0, count).join('/'));
      if (!this.#followLinks && this.#isOutside(path.resolve(path.dirname(file), target))) this.#refuseOutside(name);
      throw new MemberRefused('missing-blob', `${name} is a link to ${displayText(target)}, which is not there`);
    }
  }

  #real(file: string): string | null {
    try {
      return realpathSync(file);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return null;
      if (code === 'ELOOP')
        throw new MemberRefused('link-loop', `${displayText(path.relative(this.#root, file))} is a link that leads in a circle`);
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
