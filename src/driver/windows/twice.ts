/**
 * Runs what lets go of something, and once more where it fails: what stays mounted, prepared or half-removed keeps files locked until the
 * system is started again, and Windows' calls fail now and then while a disk comes or goes. Throws what failed first.
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
