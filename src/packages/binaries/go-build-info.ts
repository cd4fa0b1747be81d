// What Go's linker records about a program's modules, in a separate section or at the start of the writable data, aligned to 16 bytes:
//
//   FF ' Go buildinf:', pointer size at 14, flags at 15
//   flags & 2  at 32: the Go version and the module text, each a varint length and bytes
//   otherwise  at 16: pointers to two Go strings (pointer, length); flags & 1: big-endian
//
// The module text is enclosed in 16-byte markers. Lines: `mod` (the main module), `dep`, `=>` (the replacement for the dep before it), each
// with path, version and checksum, separated by tabs. Source: Go, debug/buildinfo and runtime/debug.
import { checkCount, type FoundPackage, foundPackage, NO_FILES, type OwnedFiles } from '../package.ts';
import type { Content } from '../seen-files.ts';
import { linesOf, textOf } from '../text.ts';
import { Fields } from './fields.ts';
import type { Executable, Section } from './section.ts';

const MAGIC = Uint8Array.from('\u00ff Go buildinf:', (letter) => letter.charCodeAt(0));
const ALIGNMENT = 16;
const HEADER = 32;
const MARKER = 16;
/** Number of bytes of the data to search for the magic. */
const MAX_SEARCH = 1024 * 1024;
/** Maximum length of a module text. */
const MAX_TEXT = 16 * 1024 * 1024;
const SECTIONS: readonly string[] = ['.go.buildinfo', '__go_buildinfo'];

/**
 * Reads the modules of a Go program; empty if the program doesn't list them. The first is the main module, if the program names it; it owns
 * `files`.
 */
export async function readGoModules(content: Content, executable: Executable, files: OwnedFiles): Promise<FoundPackage[]> {
  const place = placeOfInfo(executable);
  if (place === undefined) return [];
  const data = await content.read(place.offset, Math.min(place.size, MAX_SEARCH));
  for (let at = 0; at + HEADER <= data.length; at += ALIGNMENT) {
    if (!MAGIC.every((byte, index) => data[at + index] === byte)) continue;
    const flags = data[at + 15] as number;
    const text =
      (flags & 2) !== 0
        ? await inlineText(content, place.offset + at + HEADER)
        : await pointedText(content, executable, data.subarray(at, at + HEADER));
    return text === null ? [] : modulesOf(text, files);
  }
  return [];
}

/** Returns the section with the modules or, for a program whose format or linker has no such section, the writable data. */
function placeOfInfo({ sections, segments }: Executable): Section | undefined {
  const own = sections.find(({ name }) => SECTIONS.includes(name));
  const hasNames = sections.some(({ name }) => name.startsWith('.note') || name === '.shstrtab');
  return own ?? (hasNames ? undefined : segments.find(({ isWritable }) => isWritable));
}

async function inlineText(content: Content, start: number): Promise<Uint8Array | null> {
  const version = await lengthAt(content, start);
  const text = version === null ? null : await lengthAt(content, version.end + version.value);
  return text === null || text.value > MAX_TEXT ? null : content.read(text.end, text.value);
}

async function lengthAt(content: Content, at: number): Promise<{ readonly value: number; readonly end: number } | null> {
  const bytes = await content.read(at, 10);
  let value = 0;
  for (let index = 0; index < Math.min(bytes.length, 5); index++) {
    const byte = bytes[index] as number;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, end: at + index + 1 };
  }
  return null;
}

async function pointedText(content: Content, executable: Executable, header: Uint8Array): Promise<Uint8Array | null> {
  const width = header[14] as number;
  if (width !== 4 && width !== 8) return null;
  const little = ((header[15] as number) & 1) === 0;
  const string = placeOf(executable, new Fields(header, little).word(16 + width, width === 8));
  if (string === null) return null;
  const fields = new Fields(await content.read(string, 2 * width), little);
  const bytes = placeOf(executable, fields.word(0, width === 8));
  const length = fields.word(width, width === 8);
  return bytes === null || length > MAX_TEXT ? null : content.read(bytes, length);
}

/** Returns the file offset of what is loaded at an address; null if nothing is. */
function placeOf({ segments }: Executable, address: number): number | null {
  const holds = (each: Section): boolean => address >= each.address && address < each.address + each.size;
  const found = segments.find(holds);
  return found === undefined ? null : found.offset + address - found.address;
}

function modulesOf(marked: Uint8Array, files: OwnedFiles): FoundPackage[] {
  const hasMarkers = marked.length > 2 * MARKER && marked[marked.length - MARKER - 1] === 0x0a;
  if (!hasMarkers) return [];
  const modules: { name: string; version: string; isMain: boolean }[] = [];
  for (const line of linesOf(textOf(marked.subarray(MARKER, -MARKER)))) {
    const [kind, name = '', version = ''] = line.split('\t', 4);
    if (kind === 'mod' || kind === 'dep') {
      checkCount(modules.length + 1);
      modules.push({ name, version, isMain: kind === 'mod' });
    }
    const last = modules.at(-1);
    // If a module is replaced with a folder, there is no version, and the module keeps its own name.
    if (kind === '=>' && version !== '' && last !== undefined) Object.assign(last, { name, version });
  }
  const found: FoundPackage[] = [];
  const hasMain = modules.some(({ isMain }) => isMain);
  for (const [index, { name, version, isMain }] of modules.entries()) {
    const owns = isMain || (!hasMain && index === 0);
    const each = foundPackage('golang', name, version || '(devel)', { files: owns ? files : NO_FILES });
    if (each !== null) found.push(each);
  }
  return found;
}
