import type { Page } from '@playwright/test';

/**
 * Returns layout problems of the current page, one line each: overlapping text, numbers that are cut off, and pages or panes that exceed
 * their container. Ignores text under a sheet, menu or drawer.
 */
export async function boxComplaintsOf(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    interface Text {
      readonly words: string;
      readonly element: Element;
      readonly box: { left: number; right: number; top: number; bottom: number };
    }
    /** Tolerance for rounding, in px. */
    const SLACK = 1.5;
    const NUMBER = /^[~+−-]?[\d.,  ]+ ?([kMGT]?i?B|%)?$/;
    const complaints: string[] = [];

    const room = window.innerWidth;
    const pageWidth = document.documentElement.scrollWidth;
    if (pageWidth > room) complaints.push(`the page is ${pageWidth} px wide in ${room}`);
    const pageHeight = document.documentElement.scrollHeight;
    if (pageHeight > window.innerHeight) complaints.push(`the page is ${pageHeight} px high in ${window.innerHeight}`);

    const nameOf = (element: Element): string => {
      const pane =
        element.closest('[data-pane]')?.getAttribute('data-pane') ?? element.closest('[role=dialog]')?.getAttribute('aria-label');
      return `${pane ?? 'window'}: `;
    };

    for (const element of document.querySelectorAll('[data-pane], [data-pane] *')) {
      const { overflowX } = getComputedStyle(element);
      if (element.clientWidth === 0 || element.scrollWidth <= element.clientWidth + 1) continue;
      const isPane = element.hasAttribute('data-pane');
      // Text previews scroll on their own, in a marked region.
      const isText =
        element.matches('[role=region], pre, pre *, textarea, input') ||
        element.closest('[role=region][tabindex], section[tabindex][aria-label]') !== null;
      if ((isPane && overflowX !== 'visible') || ((overflowX === 'auto' || overflowX === 'scroll') && !isText))
        complaints.push(`${nameOf(element)}${element.tagName.toLowerCase()} is ${element.scrollWidth} px wide in ${element.clientWidth}`);
    }

    // Hidden text is positioned absolutely. Outside its scroll container it wouldn't scroll along, and would enlarge its surroundings.
    const scrolls = (element: Element): boolean => /auto|scroll/.test(getComputedStyle(element).overflowY);
    for (const hidden of document.querySelectorAll<HTMLElement>('.visually-hidden')) {
      let scroller = hidden.parentElement;
      while (scroller !== null && !scrolls(scroller)) scroller = scroller.parentElement;
      if (scroller !== null && hidden.offsetParent !== null && !scroller.contains(hidden.offsetParent))
        complaints.push(`${nameOf(hidden)}“${hidden.textContent?.slice(0, 40)}” is outside of what scrolls, ${scroller.className}`);
    }

    /**
     * Returns the visible part of a box. `scrolls` means that the box is cut off by an element that scrolls horizontally, so that the rest
     * can be reached.
     */
    const clip = (element: Element, raw: DOMRect) => {
      let { left, right, top, bottom } = raw;
      let scrolls = false;
      for (let at: Element | null = element; at !== null; at = at.parentElement) {
        const style = getComputedStyle(at);
        if (style.overflowX !== 'visible' || style.overflowY !== 'visible') {
          const box = at.getBoundingClientRect();
          if ((style.overflowX === 'auto' || style.overflowX === 'scroll') && (box.left > left || box.right < right)) scrolls = true;
          left = Math.max(left, box.left);
          right = Math.min(right, box.right);
          top = Math.max(top, box.top);
          bottom = Math.min(bottom, box.bottom);
        }
        if (style.position === 'fixed') break;
      }
      return {
        left: Math.max(left, 0),
        right: Math.min(right, room),
        top: Math.max(top, 0),
        bottom: Math.min(bottom, window.innerHeight),
        scrolls,
      };
    };

    const texts: Text[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const words = node.textContent?.trim() ?? '';
      const element = node.parentElement;
      if (words === '' || element === null || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const raw of range.getClientRects()) {
        if (raw.width <= 2 || raw.height <= 2) continue;
        const box = clip(element, raw);
        if (box.right - box.left <= 2 || box.bottom - box.top <= 2) continue;
        const shown = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
        if (shown === null || !(shown.contains(element) || element.contains(shown))) continue;
        const isCut = raw.right - box.right > SLACK || box.left - raw.left > SLACK;
        if (isCut && !box.scrolls && NUMBER.test(words)) complaints.push(`${nameOf(element)}the number “${words}” is cut off`);
        texts.push({ words, element, box });
      }
    }

    texts.sort((a, b) => a.box.left - b.box.left);
    for (const [index, one] of texts.entries()) {
      for (let next = index + 1; next < texts.length; next++) {
        const other = texts[next] as Text;
        const wide = Math.min(one.box.right, other.box.right) - other.box.left;
        if (wide <= SLACK) break;
        const high = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
        // Boxes of lines may overlap by a few pixels, because glyphs are shorter than their boxes.
        if (high <= 4 || one.element === other.element) continue;
        // A drawer covers the beginning or end of what is next to it.
        if (one.element.closest('[data-drawer]') !== other.element.closest('[data-drawer]')) continue;
        complaints.push(
          `${nameOf(other.element)}“${one.words.slice(0, 40)}” and “${other.words.slice(0, 40)}” overlap by ${Math.round(wide)} × ${Math.round(high)} px`,
        );
      }
    }
    return [...new Set(complaints)];
  });
}
