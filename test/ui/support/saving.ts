import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, type LayerscopeWindow } from './window.ts';

/** Answers the desktop window's next save dialogs with a file. Returns a function that returns the name suggested by the last dialog. */
export async function answerSaving(electron: NonNullable<LayerscopeWindow['electron']>, target: string): Promise<() => Promise<string>> {
  await electron.evaluate(({ dialog }, filePath) => {
    const asked = dialog as unknown as { asked?: string | undefined };
    dialog.showSaveDialog = async (...args: unknown[]) => {
      asked.asked = (args.at(-1) as { defaultPath?: string }).defaultPath;
      return { canceled: false, filePath };
    };
  }, target);
  return async () => path.basename(await electron.evaluate(({ dialog }) => (dialog as unknown as { asked?: string }).asked ?? ''));
}

/** Presses a button that saves by download or dialog. Returns the suggested name and the bytes. */
export async function saved(win: LayerscopeWindow, press: () => Promise<void>): Promise<{ name: string; bytes: Buffer }> {
  const { page, electron } = win;
  if (electron === null) {
    const [download] = await Promise.all([page.waitForEvent('download'), press()]);
    expect(await download.failure()).toBeNull();
    return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
  }
  const target = await win.write('saved', '');
  const suggested = await answerSaving(electron, target);
  await press();
  await expect(page.getByText('Saved saved')).toBeVisible();
  await page.getByRole('button', { name: 'Dismiss' }).last().click();
  return { name: await suggested(), bytes: await readFile(target) };
}
