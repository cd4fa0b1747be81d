import type { ArchiveSummary, ImageSummary, WhatIfReport } from '#contract';
import { displayText } from '#model';
import { words } from '../words/index.ts';
import { connectedClient } from './app-state.ts';
import { toast } from './messages.ts';
import { plainError } from './plain-error.ts';

/** Starts a job that packs an image's layers as its what-ifs describe. The resulting sizes become part of the image's waste. */
export async function packWhatIfs(archiveId: string, image: number): Promise<void> {
  const client = await connectedClient();
  try {
    await client.call('image.weigh', { archiveId, image });
  } catch (error) {
    toast(plainError(error).message);
  }
}

/** A word that a shell takes literally, without quotes. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** Quotes a word for a POSIX shell. */
function quoted(word: string): string {
  return PLAIN.test(word) && !word.startsWith('-') ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * Returns the command line that writes an image as a what-if describes it. The page knows the archive's name but not its folder. Control
 * characters in a name are escaped, because a pasted command must do nothing else.
 */
export function whatIfCommand(archive: ArchiveSummary, image: ImageSummary, { kind, from }: Pick<WhatIfReport, 'kind' | 'from'>): string {
  const name = quoted(displayText(archive.source?.reference ?? archive.title));
  return words.waste.command(name, archive.images.length > 1 ? image.index : null, kind === 'squash' ? `squash=${from ?? 0}` : kind);
}

/** Returns the what-if that saves the most file bytes; null if none saves any. */
export function bestWhatIf(reports: readonly WhatIfReport[], fileBytes: number): WhatIfReport | null {
  const best = [...reports].sort((a, b) => a.fileBytes - b.fileBytes)[0];
  return best === undefined || best.fileBytes >= fileBytes ? null : best;
}
