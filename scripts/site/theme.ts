/** The window’s colours for the site: `renderer/styles/tokens.css` is their only source. */

function declarationsAfter(css: string, selector: string): string {
  const start = css.indexOf(`${selector} {`);
  const end = css.indexOf('}', start);
  if (start < 0 || end < 0) throw new Error(`renderer/styles/tokens.css has no ${selector}`);
  return css.slice(css.indexOf('{', start) + 1, end).trim();
}

/** Returns the style sheet’s first rules: the light theme’s tokens, and the dark theme’s for systems that prefer it. */
export function themeCss(tokens: string): string {
  const light = declarationsAfter(tokens, ':root');
  const dark = declarationsAfter(tokens, ':root[data-theme="dark"]');
  return `:root {\n    ${light}\n}\n@media (prefers-color-scheme: dark) {\n  :root {\n    ${dark}\n  }\n}\n`;
}
