import type { Installed } from './types.ts';

/** Compares strings by their UTF-8 bytes. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Makes surrogates sort last: they encode the characters above U+FFFF. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x1_0000 : unit;
}

/** Compares packages by type, name, architecture and version, then by location. */
export function comparePackages({ found: a, site: siteA }: Installed, { found: b, site: siteB }: Installed): number {
  return (
    compareTexts(a.type, b.type) ||
    compareTexts(a.name, b.name) ||
    compareTexts(a.arch ?? '', b.arch ?? '') ||
    compareTexts(a.version, b.version) ||
    compareTexts(siteA.location, siteB.location)
  );
}

/** Sorts packages by their bytes, largest first; those whose files aren't known come last. */
export function bySize(a: Sized, b: Sized): number {
  return Number(b.filesKnown) - Number(a.filesKnown) || b.bytes - a.bytes;
}

interface Sized {
  readonly bytes: number;
  readonly filesKnown: boolean;
}
