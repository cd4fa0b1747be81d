/** Returns what a reader wants to copy from a block: from a console, what was typed after `$`, otherwise everything. */
function copiedText(code: string): string {
  const typed = code.split('\n').filter((line) => line.startsWith('$ '));
  return typed.length === 0 ? code.replace(/\n$/, '') : typed.map((line) => line.slice(2)).join('\n');
}

const SHOWN_MS = 2000;

/** Adds a button to every code block, if this browser allows a page to copy. */
export function addCopyButtons(): void {
  // Missing if the page came over plain HTTP from another machine.
  const clipboard: Clipboard | undefined = navigator.clipboard;
  if (clipboard === undefined) return;
  for (const block of document.querySelectorAll('.code')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'Copy';
    const say = (text: string): void => {
      button.textContent = text;
      setTimeout(() => {
        button.textContent = 'Copy';
      }, SHOWN_MS);
    };
    button.addEventListener('click', () => {
      const text = copiedText(block.querySelector('code')?.textContent ?? '');
      clipboard.writeText(text).then(
        () => say('Copied'),
        () => say('Not allowed'),
      );
    });
    block.append(button);
  }
}
