/** Below this width a page’s contents are above the text, as in the style sheet. */
const NARROW = '(width < 72rem)';

function markScrollers(): void {
  for (const box of document.querySelectorAll<HTMLElement>('.table, .code pre')) {
    const attributes = { tabindex: '0', role: 'group', 'aria-label': box.matches('pre') ? 'Code' : 'Table' };
    const scrolls = box.scrollWidth > box.clientWidth;
    for (const [name, value] of Object.entries(attributes)) {
      if (scrolls) box.setAttribute(name, value);
      else box.removeAttribute(name);
    }
  }
}

/** Scrolls the list of pages to this page, if the list is longer than the window. */
export function showThisPage(): void {
  document.querySelector('.pages [aria-current]')?.scrollIntoView({ block: 'nearest' });
}

/**
 * Makes anything wider than the page focusable, so that keys scroll it, and collapses the page's contents where they are above the text.
 */
export function followWidth(): void {
  markScrollers();
  window.addEventListener('resize', markScrollers);
  const contents = document.querySelector<HTMLDetailsElement>('.contents details');
  if (contents === null) return;
  const narrow = matchMedia(NARROW);
  const fold = (): void => {
    contents.open = !narrow.matches;
  };
  fold();
  narrow.addEventListener('change', fold);
}
