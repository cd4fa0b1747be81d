import { appStore, connectedClient } from './app-state.ts';
import { runningCount } from './jobs.ts';
import { toast } from './messages.ts';
import { plainError } from './plain-error.ts';

/**
 * Images that were searched automatically, as `<archiveId>.<image>`. Images are searched only once, so that a cancelled search stays
 * cancelled.
 */
const searched = new Set<string>();

/** Starts a job that looks for files that a layer rewrites unchanged. Its result becomes part of the image's waste. */
export async function lookForRewritten(archiveId: string, image: number): Promise<void> {
  const client = await connectedClient();
  try {
    await client.call('image.rewritten', { archiveId, image });
  } catch (error) {
    toast(plainError(error).message);
  }
}

/** Starts {@link lookForRewritten} once no other job is running. Returns a function that stops waiting. */
export function lookWhenIdle(archiveId: string, image: number): () => void {
  const key = `${archiveId}.${image}`;
  if (searched.has(key)) return () => {};
  let stop = () => {};
  const look = (): boolean => {
    if (runningCount(appStore.getState().jobs) > 0) return false;
    searched.add(key);
    stop();
    void lookForRewritten(archiveId, image);
    return true;
  };
  if (!look()) stop = appStore.subscribe(look);
  return () => stop();
}
