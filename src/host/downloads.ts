import { randomBytes } from 'node:crypto';
import type { Exported } from '#engine';
import { LayerscopeError } from '#model';
import type { Sender } from './sender.ts';

/** Exports, each of which can be downloaded once, under a name of 128 random bits that only its receiver knows. */
export interface Downloads {
  /** Registers a download and returns its name. Drops the sender's oldest download if too many are unfetched. */
  give(sender: Sender, exported: Exported): string;
  /** Uses up a download and returns its export. Throws FORBIDDEN if the name is unknown or used. */
  take(download: string): Exported;
  drop(sender: Sender): void;
}

const MAX_UNUSED = 100;

/** Creates an empty set of downloads. */
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
      if (entry === undefined) throw new LayerscopeError('FORBIDDEN', 'the download is unknown, or was already fetched');
      entries.delete(download);
      return entry.exported;
    },
    drop(sender) {
      for (const [download, entry] of entries) if (entry.sender === sender) entries.delete(download);
    },
  };
}
