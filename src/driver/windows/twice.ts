/**
 * Runs a release step and retries it once if it fails. Windows' calls fail now and then while a disk is being attached or detached, and a
 * layer that stays mounted, prepared or half removed keeps files locked until the next reboot. Throws the first error.
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
