import { randomBytes } from 'node:crypto';
import type { Exported } from '#engine';
import { LayerscopeError } from '#model';
import type { Sender } from './sender.ts';

/** What senders may fetch, each once, by a name of 128 random bits: whoever holds it was given it. */
export interface Downloads {
  /** Gives up the sender's oldest where it has too many that it hasn't fetched. */
  give(sender: Sender, exported: Exported): string;
  /** Throws FORBIDDEN for all that wasn't given, or was taken. */
  take(download: string): Exported;
  drop(sender: Sender): void;
}

const MAX_UNUSED = 100;

export function createDownloads(): Downloads {
  const entries = new Map<string, { readonly sender: Sender; readonly exported: Exported }>();
  return {
    give(sender, exported) {
      const own = [...entries].filter(([, entry]) => entry.sender === sender);
      for (const [download] of own.slice(0, Math.max(0, own.length - MAX_UNUSED + 1))) entries.delete(download);
      const download = randomBytes(16).toString('hex');
      entries.set(download, { sender, exported });
      return download;
    },
    take(download) {
      const entry = entries.get(download);
      if (entry === undefined) throw new LayerscopeError('FORBIDDEN', 'the download was not given to a window, or was fetched already');
      entries.delete(download);
      return entry.exported;
    },
    drop(sender) {
      for (const [download, entry] of entries) if (entry.sender === sender) entries.delete(download);
    },
  };
}
