import { SourceFile } from '../blob/source-file.ts';
import { NewFile } from '../spool/new-file.ts';
import { type DocumentBounds, type MemberStore, readHead, type StoredRange } from './member-store.ts';

/** Returns a new path for a temporary file. */
export type NewPath = () => string;

/** A store with extra members, in temporary files: content embedded in documents, or generated documents. */
export class OverlayMembers implements MemberStore {
  /** Files to remove with the archive. */
  readonly files: string[] = [];
  readonly #base: MemberStore;
  readonly #newPath: NewPath | null;
  readonly #added = new Map<string, StoredRange>();

  /** If `newPath` is null, nothing can be added. */
  constructor(base: MemberStore, newPath: NewPath | null) {
    this.#base = base;
    this.#newPath = newPath;
  }

  /**
   * Adds a member; a member of that name in the archive itself takes precedence. Returns false if temporary files can't be used. Throws IO.
   */
  add(name: string, bytes: Uint8Array): boolean {
    if (this.#newPath === null) return false;
    using file = new NewFile(this.#newPath());
    this.files.push(file.path);
    file.write(bytes);
    this.#added.set(name, { path: file.path, start: 0, length: bytes.length, identity: null, key: '' });
    return true;
  }

  find(name: string): StoredRange | null {
    const added = this.#added.get(name);
    if (added === undefined) return this.#base.find(name);
    try {
      return this.#base.find(name) ?? added;
    } catch {
      // The archive's own member can't be used, for example because it is a dangling link, so the added one replaces it.
      return added;
    }
  }

  get bounds(): DocumentBounds | undefined {
    return this.#base.bounds;
  }

  names(): Iterable<string> {
    return this.#base.names();
  }

  head(range: StoredRange, count: number): Uint8Array {
    if (!this.files.includes(range.path)) return this.#base.head(range, count);
    using file = new SourceFile(range.path);
    return readHead(file, range.start, Math.min(count, range.length));
  }
}
