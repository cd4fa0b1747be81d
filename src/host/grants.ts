import { randomBytes } from 'node:crypto';
import type { FileGrant } from '#contract';
import { displayText, LayerscopeError } from '#model';
import type { Sender } from './sender.ts';

/** What a grant stands for. */
export interface GrantedFile {
  readonly path: string;
  /** What the user calls it. */
  readonly name: string;
  /** Called once when nothing needs the file any more: of a temporary file, removes it. */
  readonly release?: () => Promise<void>;
}

/** Grants in place of paths: 128 random bits, used once, by the sender they were given to. */
export interface Grants {
  /** Throws TOO_LARGE where the sender has too many that it hasn't used. */
  give(sender: Sender, file: GrantedFile): FileGrant;
  /** A grant that can't be used before {@link fulfil}. Throws TOO_LARGE. */
  reserve(sender: Sender, name: string): FileGrant;
  /** False where the grant was dropped meanwhile: the file is the caller's to release. */
  fulfil(grant: string, file: GrantedFile): boolean;
  /** Ends a grant unused; its file is released. Nothing happens where there's none. */
  revoke(grant: string): Promise<void>;
  /** The file, whose release is the caller's from now on. Throws FORBIDDEN for all that isn't this sender's, ready and unused. */
  take(sender: Sender, grant: string): GrantedFile;
  /** Ends all of a sender's grants, or everyone's. */
  drop(sender?: Sender): Promise<void>;
}

interface Entry {
  readonly sender: Sender;
  file: GrantedFile | null;
}

const MAX_UNUSED = 1_000;

export function createGrants(): Grants {
  const entries = new Map<string, Entry>();

  const add = (sender: Sender, name: string, file: GrantedFile | null): FileGrant => {
    let unused = 0;
    for (const entry of entries.values()) if (entry.sender === sender) unused++;
    if (unused >= MAX_UNUSED) throw new LayerscopeError('TOO_LARGE', 'too many files were given and not opened');
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
      // One answer for all: a sender learns nothing about others' grants.
      if (entry === undefined || entry.sender !== sender || entry.file === null) {
        throw new LayerscopeError('FORBIDDEN', 'the file was not given to this window, or was opened already');
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
