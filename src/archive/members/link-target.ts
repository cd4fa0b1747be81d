import path from 'node:path';

/** Where a link leads: from `at`, components below a folder's real path, on by `parts`. */
export interface LinkStart {
  readonly at: readonly string[];
  readonly parts: readonly string[];
}

/** Components of a path: on Windows both slashes part them. Empty ones and `.` are left out. */
export function partsOf(text: string, style: path.PlatformPath = path): string[] {
  return text.split(style.sep === '\\' ? /[\\/]/ : '/').filter((part) => part !== '' && part !== '.');
}

/**
 * Judges a link by its text alone, so that nothing is asked of where it leads: on Windows looking at `\\host\share` already signs in to that
 * host. `roots`: the real path of the folder, then its other names; `at`: of the folder that the link lies in, below it. Null: it leads out.
 * Links with a path from the top (also `\\host\share`, `\\?\…`, `C:x` and `\x`), and those that climb, stay inside where their text names
 * the folder again.
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
  // The real path has no links in it: what was climbed is what its names say.
  const isBack = rootParts.slice(-above).every((part, index) => parts[index] === part);
  return isBack ? { at: [], parts: parts.slice(above) } : null;
}
