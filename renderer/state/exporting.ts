import type { ExportInput } from '#contract';
import { displayText, toHex, unescapePath } from '#model';
import { words } from '../words/index.ts';
import { connectedClient, dispatchJobs, getApp } from './app-state.ts';
import { toast } from './messages.ts';
import { plainError } from './plain-error.ts';

/** Saves an export to a file: in Electron where the user chooses, in a browser as a download. */
export async function startExport(input: ExportInput): Promise<void> {
  try {
    const client = await connectedClient();
    const { jobId, download, name, leftOut } = await client.call('export.start', input);
    if (jobId !== null) dispatchJobs({ type: 'started', jobId, purpose: { kind: 'save' } });
    if (download === null) return;
    const link = document.createElement('a');
    link.href = `/downloads/${download}`;
    link.download = '';
    link.click();
    // Only the browser knows when the download is done, and where the file is.
    toast(words.jobs.downloading(displayText(name ?? '')));
    if (leftOut > 0) toast(words.jobs.leftOut(leftOut));
  } catch (error) {
    toast(plainError(error).message);
  }
}

/** Saves the selected file or folder. */
export function exportPath(): void {
  const { archiveId, image, to, path } = getApp().selection;
  if (archiveId !== null && path !== null)
    void startExport({ what: 'entry', archiveId, image, layer: to, pathHex: toHex(unescapePath(path)) });
}
