import path from 'node:path';
import type { Document } from './documents.ts';
import type { Rendered } from './render.ts';

/** Throws if a link between pages names a heading that the other page doesn’t have. */
export function checkAnchors(pages: readonly { readonly document: Document; readonly rendered: Rendered }[]): void {
  const anchors = new Map(pages.map(({ document, rendered }) => [document.page, rendered.anchors]));
  const faults = pages.flatMap(({ document: { page, source }, rendered: { html } }) =>
    [...html.matchAll(/ href="([^":#]*)#([^"]+)"/g)]
      .filter(([, file = '', id = '']) => {
        const target = file === '' ? page : path.posix.join(path.posix.dirname(page), file);
        return !anchors.get(target)?.has(id);
      })
      .map(([, file, id]) => `${source} links to ${file}#${id}, which has no such heading`),
  );
  if (faults.length > 0) throw new Error(faults.join('\n'));
}
