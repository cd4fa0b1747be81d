import path from 'node:path';

/** Where to continue after a link: `at` has the components of a folder below the root, `parts` those still to follow from there. */
export interface LinkStart {
  readonly at: readonly string[];
  readonly parts: readonly string[];
}

/** Splits a path into components, on Windows at both kinds of slash. Drops empty ones and `.`. */
export function partsOf(text: string, style: path.PlatformPath = path): string[] {
  return text.split(style.sep === '\\' ? /[\\/]/ : '/').filter((part) => part !== '' && part !== '.');
}

/**
 * Resolves a link by its text alone, without accessing its target: on Windows, merely accessing `\\host\share` signs in to that host.
 * `roots` are the folder's real path, then its other names; `at` has the components of the link's own folder, below the root. Returns null
 * if the link leads outside. An absolute target (on Windows also `\\host\share`, `\\?\…`, `C:x` and `\x`), or one that climbs above the
 * root, stays inside only if its text leads back through the folder's name.
 */
export function linkStart(
  roots: readonly [real: string, ...string[]],
  at: readonly string[],
  target: string,
  style: path.PlatformPath = path,
): LinkStart | null {
  const parts = partsOf(target, style);
  if (style.isAbsolute(target) || (style.sep === '\\' && /^[A-Za-z]:/.test(target))) {
    const top = style.normalize(style.parse(target).root);
    for (const root of roots) {
      const above = partsOf(root, style);
      if (top === style.parse(root).root && above.every((part, index) => parts[index] === part))
        return { at: [], parts: parts.slice(above.length) };
    }
    return null;
  }
  const rootParts = partsOf(roots[0], style);
  const from = [...at];
  let above = 0;
  for (; parts[0] === '..'; parts.shift()) if (from.pop() === undefined) above++;
  if (above === 0) return { at: from, parts };
  if (above > rootParts.length) return null;
  // The root's real path contains no links, so `..` from it follows its components.
  const isBack = rootParts.slice(-above).every((part, index) => parts[index] === part);
  return isBack ? { at: [], parts: parts.slice(above) } : null;
}
