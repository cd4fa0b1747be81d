// Compares names as NTFS does: one UTF-16 unit at a time, through a table that maps each unit to at most one upper-case unit ([MS-FSA]
// 2.1.4.3). So `straße` and `STRASSE` are two names, because no single unit is the upper case of ß, and letters beyond the BMP, which take
// two units, have no case. A unit maps to its upper case only if the upper case maps back to it: ı, ſ and µ aren't the lower case of any
// letter, so they are unchanged. ς is the exception.
//
// The published table of exFAT agrees, and so does Wine's ntdll, except for ς (test/wine/files.test.ts). Not verified on Windows: ς, title
// case such as ǅ, and letters newer than Windows' table; the newer ones in Cherokee, Georgian and Unicode 16 are not folded here.

/**
 * Letters whose upper case was added to Unicode late: Georgian, Cherokee (two ranges), and a few others. Each pair is the first and last
 * unit of a range.
 */
const YOUNG: readonly (readonly [number, number])[] = [
  [0x10d0, 0x10ff],
  [0x13f8, 0x13fd],
  [0xab70, 0xabbf],
  [0x19b, 0x19b],
  [0x264, 0x264],
  [0x1c8a, 0x1c8a],
  [0xa7cd, 0xa7cf],
  [0xa7d3, 0xa7d5],
  [0xa7db, 0xa7db],
];
const FINAL_SIGMA = 0x3c2;
// For these Greek letters, JavaScript's upper case has two characters; the single-character form is 8 or 9 units further on.
const IOTA_SUBSCRIPT_FIRST = 0x1f80;
const IOTA_SUBSCRIPT_LAST = 0x1fff;

function upperOf(unit: number): number {
  if (YOUNG.some(([first, last]) => unit >= first && unit <= last)) return unit;
  const letter = String.fromCharCode(unit);
  const upper = letter.toUpperCase();
  if (upper.length === 1) return upper.toLowerCase() === letter || unit === FINAL_SIGMA ? upper.charCodeAt(0) : unit;
  if (unit < IOTA_SUBSCRIPT_FIRST || unit > IOTA_SUBSCRIPT_LAST) return unit;
  return [unit + 8, unit + 9].find((title) => String.fromCharCode(title).toLowerCase() === letter) ?? unit;
}

let table: Uint16Array | null = null;

function upperTable(): Uint16Array {
  if (table === null) {
    table = new Uint16Array(0x10000);
    for (let unit = 0x80; unit < table.length; unit++) table[unit] = upperOf(unit);
    for (let unit = 0; unit < 0x80; unit++) table[unit] = String.fromCharCode(unit).toLowerCase().charCodeAt(0);
  }
  return table;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
const ASCII = /^[\u0000-\u007f]*$/;

/**
 * Folds a name's case: two names, paths or ids are the same on NTFS if their folded forms are equal. ASCII letters become lower case,
 * others upper case, which leaves most names unchanged.
 */
export function foldWindowsCase(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  const upper = upperTable();
  let folded = '';
  for (let at = 0; at < text.length; at++) folded += String.fromCharCode(upper[text.charCodeAt(at)] as number);
  return folded;
}
