import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { besideName } from '#archive';
import { sweepBeside } from './place-file.ts';

/** Atomically replaces a small file, durably and with access for this user only. Throws the system's errors. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const unfinished = besideName(file);
  await sweepBeside(path.dirname(unfinished));
  try {
    await writeFile(unfinished, text, { mode: 0o600, flag: 'wx', flush: true });
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}
