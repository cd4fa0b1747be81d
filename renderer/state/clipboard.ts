import { displayText } from '#model';

/**
 * Copies text to the clipboard. Returns false if the browser refuses. Control and bidi characters are escaped, as in the window, because a
 * terminal that the text is pasted into would obey them. Tabs and line breaks are kept, so the caller must escape those in a name from an
 * image.
 */
export async function copyText(copied: string): Promise<boolean> {
  const text = copied.replace(/[^\t\n]+/g, displayText);
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without the Clipboard API or its permission, the older method still works.
    const before = document.activeElement;
    const area = document.createElement('textarea');
    area.value = text;
    area.style.position = 'fixed';
    area.style.opacity = '0';
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    return done;
  }
}
