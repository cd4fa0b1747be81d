import { type Found, type FoundSection, type SearchRecord, searcher } from './search.ts';

declare global {
  var searchRecords: readonly SearchRecord[] | undefined;
}

type Search = ReturnType<typeof searcher>;

/** Loads the records with a script element, because a page opened from disk can't use fetch. */
function loadSearch(root: string): Promise<Search> {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = `${root}search-records.js`;
    script.onload = () => resolve(searcher(globalThis.searchRecords ?? []));
    script.onerror = () => reject(new Error('The search could not be loaded.'));
    document.head.append(script);
  });
}

function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Partial<HTMLElementTagNameMap[Name]>,
  ...children: readonly HTMLElement[]
): HTMLElementTagNameMap[Name] {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function resultItem({ page, title, heading, excerpt }: FoundSection, root: string): HTMLLIElement {
  const name = element('strong', { textContent: heading === '' ? title : heading });
  const place = heading === '' ? [] : [element('span', { className: 'place', textContent: title })];
  const text = element('span', { className: 'excerpt', textContent: excerpt });
  return element('li', {}, element('a', { href: `${root}${page}` }, name, ...place, text));
}

function countText({ total, best }: Found, query: string): string {
  if (total === 0) return `Nothing found for “${query}”.`;
  const sections = `${total} ${total === 1 ? 'section' : 'sections'} found`;
  return best.length < total ? `${sections}, the ${best.length} best shown.` : `${sections}.`;
}

/** The search field and the results below it. */
class SearchBox {
  readonly #box: HTMLElement;
  readonly #root: string;
  readonly #field = element('input', { type: 'search', placeholder: 'Search', autocomplete: 'off', spellcheck: false });
  /** Always present, because screen readers don't announce text that appears together with its element. */
  readonly #status = element('p', { className: 'visually-hidden', role: 'status' });
  readonly #count = element('p', { className: 'count', ariaHidden: 'true' });
  readonly #list = element('ul', {});
  readonly #results = element('div', { className: 'results', hidden: true }, this.#count, this.#list);
  #search: Promise<Search> | undefined;

  constructor(box: HTMLElement, root: string) {
    this.#box = box;
    this.#root = root;
    this.#field.ariaLabel = 'Search the documentation (/)';
    box.append(this.#field, this.#status, this.#results);
    this.#listen();
    box.hidden = false;
  }

  focus(): void {
    this.#field.focus();
  }

  close(): void {
    this.#results.hidden = true;
  }

  has(target: EventTarget | null): boolean {
    return target instanceof Node && this.#box.contains(target);
  }

  #listen(): void {
    this.#field.addEventListener('focus', () => this.#load().catch(this.#fail));
    this.#field.addEventListener('input', () => this.#show().catch(this.#fail));
    // A result on this page only scrolls to its heading, so the list of results must be closed.
    this.#list.addEventListener('click', () => this.close());
    this.#box.addEventListener('keydown', (event) => this.#onKey(event));
    this.#box.addEventListener('focusout', ({ relatedTarget }) => {
      if (relatedTarget !== null && !this.has(relatedTarget)) this.close();
    });
  }

  #load(): Promise<Search> {
    this.#search ??= loadSearch(this.#root);
    return this.#search;
  }

  readonly #fail = (error: unknown): void => {
    this.#search = undefined;
    this.#say(error instanceof Error ? error.message : String(error));
  };

  #say(text: string): void {
    this.#status.textContent = text;
    this.#count.textContent = text;
  }

  async #show(): Promise<void> {
    const query = this.#field.value.trim();
    this.#results.hidden = query === '';
    if (query === '') return this.#say('');
    const found = (await this.#load())(query);
    // More may have been typed while the records were loading.
    if (query !== this.#field.value.trim()) return;
    this.#list.replaceChildren(...found.best.map((section) => resultItem(section, this.#root)));
    this.#say(countText(found, query));
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key === 'Escape') {
      this.close();
      this.focus();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      this.#move(event.key === 'ArrowDown' ? 1 : -1);
    } else if (event.key === 'Enter' && event.target === this.#field) {
      this.#list.querySelector('a')?.click();
    }
  }

  #move(step: number): void {
    const stops: HTMLElement[] = [this.#field, ...this.#list.querySelectorAll('a')];
    const at = stops.indexOf(document.activeElement as HTMLElement);
    stops[Math.max(0, Math.min(stops.length - 1, at + step))]?.focus();
  }
}

/**
 * Adds the search to the page's heading. `root`: relative link to the site's root. Keys: `/` focuses the field, arrows move through the
 * results, Enter opens the first, Escape closes them.
 */
export function addSearchBox(root: string): void {
  const place = document.getElementById('site:search');
  if (place === null) return;
  const box = new SearchBox(place, root);
  document.addEventListener('pointerdown', ({ target }) => {
    if (!box.has(target)) box.close();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    box.focus();
  });
}
