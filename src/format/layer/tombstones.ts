// tombstones.txt, at the root of the transport folder that ExportLayer writes: the paths that a Windows layer removes from those below.
//
//   EF BB BF  `Version 1.0` end of line, then a line for each path: `\Windows\gone.txt`
//
// UTF-8. Lines end in LF; CRLF is accepted. Paths begin with \ and are relative to the layer's Files folder: the line above means
// Files\Windows\gone.txt. A file without the byte order mark, or with another version, is invalid. Source: hcsshim, legacy.go.
import { decodeUtf8, displayText, encodeUtf8, foldWindowsCase, LayerscopeError } from '#model';

export const TOMBSTONES_FILE = 'tombstones.txt';

const HEAD = '\ufeffVersion 1.0';
const FILES = 'Files\\';
const MAX_LINE_BYTES = 64 * 1024;

function invalid(what: string, line: number): LayerscopeError {
  return new LayerscopeError('DAMAGED', `invalid tombstones file: line ${line}: ${what}`);
}

function pathOf(line: string, number: number): string {
  if (!line.startsWith('\\')) throw invalid(`not a path below Files: ${displayText(line.slice(0, 100))}`, number);
  for (const part of line.slice(1).split('\\')) {
    if (part === '' || part === '.' || part === '..' || /[/:]/.test(part)) {
      throw new LayerscopeError('PATH_ESCAPE', `a tombstone outside the layer: ${displayText(line.slice(0, 100))}`);
    }
  }
  return FILES + line.slice(1);
}

/**
 * Reads the paths in a tombstones.txt, prefixed with `Files\`, in the order of the lines; skips empty lines. Throws DAMAGED for an invalid
 * file, TOO_LARGE for a line over 64 KiB, PATH_ESCAPE for paths with `..`, a stream or a drive.
 */
export async function* readTombstones(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  let number = 0;
  for await (const bytes of linesOf(source, MAX_LINE_BYTES)) {
    number++;
    const text = decodeUtf8(bytes);
    if (text === null) throw invalid('not UTF-8', number);
    const line = text.endsWith('\r') ? text.slice(0, -1) : text;
    if (number === 1) {
      if (line !== HEAD) throw invalid('not a byte order mark and Version 1.0', number);
    } else if (line !== '') yield pathOf(line, number);
  }
  if (number === 0) throw invalid('the file is empty', 1);
}

/** Encodes a tombstones.txt, as hcsshim does. Throws DAMAGED for a path that isn't below Files. */
export function encodeTombstones(paths: readonly string[]): Uint8Array<ArrayBuffer> {
  let text = `${HEAD}\n`;
  for (const path of paths) {
    if (foldWindowsCase(path.slice(0, FILES.length)) !== foldWindowsCase(FILES) || path.length === FILES.length || /[\r\n]/.test(path)) {
      throw new LayerscopeError('DAMAGED', `invalid tombstone ${displayText(path)}`);
    }
    text += `${path.slice(FILES.length - 1)}\n`;
  }
  return encodeUtf8(text);
}

/** Splits bytes into lines without their LF; bytes after the last LF are a line as well. Throws TOO_LARGE for a line over `maxBytes`. */
async function* linesOf(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  const take = (last: Uint8Array): Uint8Array => {
    if (heldBytes + last.length > maxBytes) throw new LayerscopeError('TOO_LARGE', `a line of more than ${maxBytes} bytes`);
    const line = new Uint8Array(heldBytes + last.length);
    let at = 0;
    for (const piece of [...held, last]) {
      line.set(piece, at);
      at += piece.length;
    }
    held = [];
    heldBytes = 0;
    return line;
  };
  for await (const bytes of source) {
    let from = 0;
    for (let to = bytes.indexOf(0x0a); to >= 0; to = bytes.indexOf(0x0a, from)) {
      yield take(bytes.subarray(from, to));
      from = to + 1;
    }
    if (from === bytes.length) continue;
    held.push(bytes.slice(from));
    heldBytes += bytes.length - from;
    if (heldBytes > maxBytes) throw new LayerscopeError('TOO_LARGE', `a line of more than ${maxBytes} bytes`);
  }
  if (heldBytes > 0) yield take(new Uint8Array(0));
}
