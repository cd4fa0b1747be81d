// A Dockerfile that the user provides, for finding the layers' commands. Only its text goes to the host.
import { words } from '../words/index.ts';
import { setApp } from './app-state.ts';
import { toast } from './messages.ts';

/** Longest text that the host accepts, in characters. */
const MAX_LETTERS = 65_536;

/** Accepts a Dockerfile that was chosen or dropped. */
export async function giveDockerfile(file: File): Promise<void> {
  const text = file.size > MAX_LETTERS * 4 ? null : await file.text().catch(() => null);
  if (text === null || text.length > MAX_LETTERS) {
    toast(words.origin.notRead(file.name));
    return;
  }
  setApp({ dockerfile: { name: file.name.slice(0, 200), text } });
  toast(words.origin.taken(file.name));
}

/** Lets the user choose a Dockerfile, in the page's own dialog. */
export function chooseDockerfile(): void {
  const input = document.createElement('input');
  input.type = 'file';
  input.addEventListener('change', () => {
    const [file] = [...(input.files ?? [])];
    if (file !== undefined) void giveDockerfile(file);
  });
  input.click();
}

export function forgetDockerfile(): void {
  setApp({ dockerfile: null });
}
