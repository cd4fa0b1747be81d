import { connectedClient } from './app-state.ts';
import { toast } from './messages.ts';
import { plainError } from './plain-error.ts';

/** Starts a job that packs an image's layers as its what-ifs would have them. The stored sizes become part of the image's waste. */
export async function packWhatIfs(archiveId: string, image: number): Promise<void> {
  const client = await connectedClient();
  try {
    await client.call('image.weigh', { archiveId, image });
  } catch (error) {
    toast(plainError(error).message);
  }
}
