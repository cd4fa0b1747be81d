import { words } from '../words/index.ts';
import { connectedClient, getApp } from './app-state.ts';
import { copyText } from './clipboard.ts';
import { toast } from './messages.ts';
import { plainError } from './plain-error.ts';

/** Copies what a bug report should say about the program, the system and the settings. The text contains no file names. */
export async function copyDiagnostics(): Promise<void> {
  try {
    const client = await connectedClient();
    const { lines } = await client.call('app.diagnostics', {});
    const settings = Object.entries(getApp().layout).map(([name, value]) => `${name}=${value}`);
    const own = words.frame.diagnostics(window.innerWidth, window.innerHeight, settings.join(' '));
    const text = [...lines, ...own].join('\n');
    if (await copyText(text)) toast(words.frame.diagnosticsCopied);
  } catch (error) {
    toast(plainError(error).message);
  }
}
