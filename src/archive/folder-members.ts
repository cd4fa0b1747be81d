import { type BigIntStats, lstatSync, readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { displayText, LayerscopeError } from '#model';
import { type MemberStore, normalName, readHead, type StoredRange } from './member-store.ts';
import { fileIdentity, SourceFile, systemError } from './source-file.ts';

/** The files of an OCI layout folder. Links are followed where they stay inside it. */
export class FolderMembers implements MemberStore {
  readonly #root: string;

  /** Throws NOT_FOUND, PERMISSION. */
  constructor(folder: string) {
    try {
      this.#root = realpathSync(folder);
    } catch (error) {
      throw systemError(error, folder);
    }
  }

  find(name: string): StoredRange | null {
    const normal = normalName(name);
    if (normal === null) throw new LayerscopeError('PATH_ESCAPE', `${displayText(name)} leads out of the folder`);
    const file = this.#real(path.join(this.#root, ...normal.split('/')));
    if (file === null) return null;
    const inside = path.relative(this.#root, file);
    if (inside === '..' || inside.startsWith(`..${path.sep}`) || path.isAbsolute(inside)) {
      throw new LayerscopeError('PATH_ESCAPE', `${displayText(name)} is a link that leads out of the folder`);
    }
    const stats = this.#stats(file);
    if (stats === null || !stats.isFile()) return null;
    const identity = fileIdentity(stats);
    return { path: file, start: 0, length: Number(stats.size), identity, key: `${file}:${identity}` };
  }

  *names(): Iterable<string> {
    for (const entry of readdirSync(this.#root, { withFileTypes: true })) if (entry.isFile()) yield entry.name;
  }

  head(range: StoredRange, count: number): Uint8Array {
    using file = new SourceFile(range.path, range.identity);
    return readHead(file, range.start, Math.min(count, range.length));
  }

  #real(file: string): string | null {
    try {
      return realpathSync(file);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return null;
      if (code === 'ELOOP') throw new LayerscopeError('PATH_ESCAPE', `${displayText(file)} is a link that leads in a circle`);
      throw systemError(error, file);
    }
  }

  #stats(file: string): BigIntStats | null {
    try {
      return lstatSync(file, { bigint: true });
    } catch (error) {
      throw systemError(error, file);
    }
  }
}
