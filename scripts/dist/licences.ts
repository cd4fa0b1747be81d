// The page of licences in a package, made from the same list as the SBOM.
import type { Component } from './components.ts';

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/**
 * Returns a page, without scripts, with the licences of all third-party components. Parts of Electron are covered by Electron's own file in
 * the program's folder, parts of Node by Node's licence.
 */
export function licencesPage(version: string, licence: string, components: readonly Component[]): string {
  const own = components.filter(({ within }) => within === null);
  const id = ({ name, kind }: Component): string => `${kind}-${name.replaceAll(/[^a-z0-9]+/gi, '-')}`;
  const rows = own.map((component) => {
    const { name, version: its, licence: terms, where } = component;
    return `<tr><td><a href="#${id(component)}">${escaped(name)}</a><td>${escaped(its)}<td>${escaped(terms ?? 'see its text')}<td>${escaped(where.join(', '))}`;
  });
  const texts = own.map((component) => {
    const parts = components.filter(({ within, where }) => within === component.name && where.join() === component.where.join());
    const contains =
      parts.length === 0 ? '' : `\n<p>Contains ${escaped(parts.map(({ name, version: its }) => `${name} ${its}`).join(', '))}.`;
    const more =
      component.name === 'electron' ? '\n<p>The licences of Chromium and its parts: LICENSES.chromium.html, in the program’s folder.' : '';
    return `<h2 id="${id(component)}">${escaped(`${component.name} ${component.version}`)}</h2>${contains}${more}\n<pre>${escaped(component.text ?? '')}</pre>`;
  });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>Licences in Layerscope ${escaped(version)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 80ch; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse } th, td { text-align: left; padding: 0.2em 1em 0.2em 0; vertical-align: top }
pre { white-space: pre-wrap; font-size: 13px }
</style>
<h1>Licences in Layerscope ${escaped(version)}</h1>
<p>Layerscope is licensed under the Apache License, Version 2.0. It contains what others wrote, under these licences:
<table>
<tr><th>Name<th>Version<th>Licence<th>In
${rows.join('\n')}
</table>
<h2>Layerscope</h2>
<pre>${escaped(licence)}</pre>
${texts.join('\n')}
</html>
`;
}
