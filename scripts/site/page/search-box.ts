import { type Found, type FoundSection, type SearchRecord, searcher } from './search.ts';

declare global {
  var searchRecords: readonly SearchRecord[] | undefined;
}

type Search = ReturnType<typeof searcher>;

/** Loads the records by a script: from a disk, a page can't fetch. */
function loadSearch(root: string): Promise<Search> {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = `${root}search-records.js`;
    script.onload = () => resolve(searcher(globalThis.searchRecords ?? []));
    script.onerror = () => reject(new Error('the search could not be loaded'));
    document.head.append(script);
  });
}

function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Partial<HTMLElementTagNameMap[Name]>,
): HTMLElementTagNameMap[Name] {
  return Object.assign(document.createElement(name), properties);
}

function resultItem({ page, title, heading, excerpt }: FoundSection, root: string): HTMLLIElement {
  const link = element('a', { href: `${root}${page}` });
  const name = element('strong', { textContent: heading === '' ? title : heading });
  link.append(name);
  if (heading !== '') link.append(element('span', { className: 'place', textContent: title }));
  link.append(element('span', { className: 'excerpt', textContent: excerpt }));
  const item = element('li', {});
  item.append(link);
  return item;
}

function countText({ total, best }: Found, query: string): string {
  if (total === 0) return `Nothing found for “${query}”.`;
  const sections = `${total} ${total === 1 ? 'section' : 'sections'} found`;
  return best.length < total ? `${sections}, the ${best.length} best shown.` : `${sections}.`;
}

/**
 * Adds the search to the page's heading. `root`: the way to the site's root. Keys: `/` goes to the field, arrows walk through the results,
 * Escape closes them.
 */
export function addSearchBox(root: string): void {
  const box = document.getElementById('search');
  if (box === null) return;
  const field = element('input', { type: 'search', placeholder: 'Search', autocomplete: 'off', spellcheck: false });
  field.setAttribute('aria-label', 'Search the documentation (/)');
  const status = element('p', { className: 'status' });
  status.setAttribute('role', 'status');
  const list = element('ul', {});
  const results = element('div', { className: 'results', hidden: true });
  results.append(status, list);
  box.append(field, results);
  box.hidden = false;

  let search: Promise<Search> | undefined;
  const load = (): Promise<Search> => {
    search ??= loadSearch(root);
    return search;
  };
  const close = (): void => {
    results.hidden = true;
  };
  const show = async (): Promise<void> => {
    const query = field.value.trim();
    results.hidden = query === '';
    if (query === '') return;
    const found = (await load())(query);
    // Another letter may have been typed while the records were loaded.
    if (query !== field.value.trim()) return;
    list.replaceChildren(...found.best.map((section) => resultItem(section, root)));
    status.textContent = countText(found, query);
  };
  const failed = (error: unknown): void => {
    search = undefined;
    status.textContent = error instanceof Error ? error.message : String(error);
  };

  field.addEventListener('focus', () => load().catch(failed));
  field.addEventListener('input', () => show().catch(failed));
  const move = (step: number): void => {
    const stops: HTMLElement[] = [field, ...list.querySelectorAll('a')];
    const at = stops.indexOf(document.activeElement as HTMLElement);
    stops[Math.max(0, Math.min(stops.length - 1, at + step))]?.focus();
  };
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      close();
      field.focus();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      move(event.key === 'ArrowDown' ? 1 : -1);
    } else if (event.key === 'Enter' && event.target === field) {
      list.querySelector('a')?.click();
    }
  });
  // A result on this page only moves to its heading.
  list.addEventListener('click', close);
  box.addEventListener('focusout', ({ relatedTarget }) => {
    if (relatedTarget instanceof Node && !box.contains(relatedTarget)) close();
  });
  document.addEventListener('pointerdown', ({ target }) => {
    if (target instanceof Node && !box.contains(target)) close();
  });
  document.addEventListener('keydown', (event) => {
    const isTyping = event.target instanceof HTMLInputElement;
    if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field.focus();
  });
}
