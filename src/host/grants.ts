import { randomBytes } from 'node:crypto';
import type { FileGrant } from '#contract';
import { displayText, LayerscopeError } from '#model';
import type { Sender } from './sender.ts';

/** A file that a grant refers to. */
export interface GrantedFile {
  readonly path: string;
  /** Name shown to the user. */
  readonly name: string;
  /** Called once when the file is no longer needed; removes a temporary file. */
  readonly release?: () => Promise<void>;
}

/** Grants, which stand for paths. A grant consists of 128 random bits. It is valid once, and only for the sender that it was issued to. */
export interface Grants {
  /** Issues a grant. Throws TOO_LARGE if the sender has too many unused ones. */
  give(sender: Sender, file: GrantedFile): FileGrant;
  /** Issues a grant that becomes valid with {@link fulfil}. Throws TOO_LARGE. */
  reserve(sender: Sender, name: string): FileGrant;
  /** Supplies the file for a reserved grant. Returns false if the grant has been dropped since; the caller then releases the file. */
  fulfil(grant: string, file: GrantedFile): boolean;
  /** Revokes an unused grant and releases its file. Ignores unknown grants. */
  revoke(grant: string): Promise<void>;
  /**
   * Uses up a grant and returns its file, which the caller then releases. Throws FORBIDDEN unless the grant belongs to this sender and is
   * ready.
   */
  take(sender: Sender, grant: string): GrantedFile;
  /** Revokes all grants of a sender, or of all senders. */
  drop(sender?: Sender): Promise<void>;
}

interface Entry {
  readonly sender: Sender;
  file: GrantedFile | null;
}

const MAX_UNUSED = 1_000;

/** Creates an empty set of grants. */
export function createGrants(): Grants {
  const entries = new Map<string, Entry>();

  const add = (sender: Sender, name: string, file: GrantedFile | null): FileGrant => {
    let unused = 0;
    for (const entry of entries.values()) if (entry.sender === sender) unused++;
    if (unused >= MAX_UNUSED) throw new LayerscopeError('TOO_LARGE', 'too many files are waiting to be opened');
    const grant = randomBytes(16).toString('hex');
    entries.set(grant, { sender, file });
    return { grant, name: displayText(name) };
  };

  const end = async (grant: string): Promise<void> => {
    const entry = entries.get(grant);
    entries.delete(grant);
    await entry?.file?.release?.();
  };

  return {
    give: (sender, file) => add(sender, file.name, file),
    reserve: (sender, name) => add(sender, name, null),
    fulfil(grant, file) {
      const entry = entries.get(grant);
      if (entry === undefined) return false;
      entry.file = file;
      return true;
    },
    revoke: end,
    take(sender, grant) {
      const entry = entries.get(grant);
      // The same error in every case, so that a sender learns nothing about other senders' grants.
      if (entry === undefined || entry.sender !== sender || entry.file === null) {
        throw new LayerscopeError('FORBIDDEN', 'this window has no access to the file, or has already opened it');
      }
      entries.delete(grant);
      return entry.file;
    },
    async drop(sender) {
      const own = [...entries].filter(([, entry]) => sender === undefined || entry.sender === sender);
      await Promise.all(own.map(([grant]) => end(grant)));
    },
  };
}
