/**
 * Runs a release step, and retries it once if it fails: Windows' calls fail now and then while a disk attaches or detaches, and a layer
 * left mounted, prepared or half removed keeps files locked until the next reboot. Throws the first error.
 */
export async function twice(step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (first) {
    try {
      await step();
    } catch {
      throw first;
    }
  }
}
