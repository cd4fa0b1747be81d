/** The script of the documentation's pages: search, copy buttons, and what depends on the width. Everything else works without it. */
import { addCopyButtons } from './copy-buttons.ts';
import { followWidth, showThisPage } from './scrollers.ts';
import { addSearchBox } from './search-box.ts';

const { root = '' } = (document.currentScript as HTMLScriptElement | null)?.dataset ?? {};
addSearchBox(root);
addCopyButtons();
followWidth();
showThisPage();
