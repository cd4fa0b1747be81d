import path from 'node:path';
import type { Page } from '@playwright/test';
import { build, type Plugin } from 'vite';

const root = path.resolve(import.meta.dirname, '..', '..', '..');
const english = path.join(root, 'renderer', 'words', 'en', 'index.ts');

/** A catalogue with the English strings, accented, in brackets and 40 % longer. Text inserted by functions gets accents too. */
const PSEUDO = `
import { en as english } from ${JSON.stringify(english)};
const LETTERS = 'ȧƀƈḓḗƒɠħīĵķŀḿƞǿƥɋřşŧŭṽẇẋẏẑȦƁƇḒḖƑƓĦĪĴĶĿḾȠǾƤɊŘŞŦŬṼẆẊẎẐ';
const accented = (letter) => LETTERS[letter >= 'a' ? letter.charCodeAt(0) - 97 : letter.charCodeAt(0) - 39];
function change(value) {
  if (typeof value === 'string') {
    const [, before, text, after] = /^(\\s*)(.*?)(\\s*)$/s.exec(value);
    if (text === '') return value;
    return before + '⟦' + text.replace(/[A-Za-z]/g, accented) + ' ȯȯȯȯ'.repeat(Math.ceil(text.length / 5)).slice(0, Math.ceil(text.length * 0.4)) + '⟧' + after;
  }
  if (typeof value === 'function') return (...given) => change(value(...given));
  if (Array.isArray(value)) return value.map((each) => (typeof each === 'string' ? change(each) : each));
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, change(each)]));
}
export const en = change(english);
`;

const plugin: Plugin = {
  name: 'pseudo-language',
  enforce: 'pre',
  resolveId: (wanted, from) => (wanted === './en/index.ts' && from?.endsWith('/words/index.ts') === true ? '\0pseudo' : null),
  load: (id) => (id === '\0pseudo' ? PSEUDO : null),
};

/** Builds the page in the pseudo-language into a folder, as for a translation. */
export async function buildPseudoPage(folder: string): Promise<void> {
  await build({
    configFile: path.join(root, 'vite.config.ts'),
    logLevel: 'error',
    plugins: [plugin],
    build: { outDir: folder, emptyOutDir: true, sourcemap: false, minify: false },
  });
}

/** Serves a built page instead of the host's, with the host's headers, and loads it. */
export async function showPage(page: Page, folder: string): Promise<void> {
  const { origin } = new URL(page.url());
  await page.route(`${origin}/assets/**`, (route) => {
    const name = path.basename(new URL(route.request().url()).pathname);
    return route.fulfill({ path: path.join(folder, 'assets', name) });
  });
  await page.route(`${origin}/`, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, path: path.join(folder, 'index.html') });
  });
  await page.reload();
}

/**
 * Returns text that the page shows or exposes to screen readers and that has Latin letters without accents, except what `allowed` matches.
 */
export async function plainTexts(page: Page, allowed: readonly RegExp[]): Promise<string[]> {
  const texts = await page.evaluate(() => {
    const found: string[] = [document.title];
    for (const element of document.body.querySelectorAll('*')) {
      // Keys are named as printed on keyboards, and code isn't in any language.
      if (element.closest('kbd, code, pre, script, style') !== null) continue;
      for (const name of ['aria-label', 'title', 'placeholder', 'alt', 'aria-roledescription'])
        found.push(element.getAttribute(name) ?? '');
      for (const child of element.childNodes) if (child.nodeType === Node.TEXT_NODE) found.push(child.textContent ?? '');
    }
    return found;
  });
  const rest = (text: string) => allowed.reduce((left, each) => left.replaceAll(each, ' '), text);
  return [...new Set(texts.filter((text) => /[A-Za-z]{2}/.test(rest(text))))];
}
