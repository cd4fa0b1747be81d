// Universal ("fat") Mach-O files contain a program once for each processor. Numbers are big-endian.
//
//   header  magic CAFEBABE or, with 64-bit numbers, CAFEBABF; number of programs u32
//   entry   processor u32, kind u32, offset, size (u32, or u64 each), alignment u32 (with 64-bit numbers, then four zero bytes)
//
// A Java class begins with CAFEBABE too; its next four bytes are its version, which is at least 45. Source: Apple, mach-o/fat.h.
import { type Content, contentWithin } from '../seen-files.ts';
import { Fields } from './fields.ts';

const FAT = 0xcafebabe;
const FAT_64 = 0xcafebabf;
const HEADER = 8;
/** A file with more programs is a Java class. Apple's tools write at most a handful. */
const MAX_PROGRAMS = 44;

/** Returns the programs in a universal binary; null if it isn't one. Leaves out entries that extend beyond the file. */
export async function universalParts(content: Content, head: Uint8Array): Promise<readonly Content[] | null> {
  const header = new Fields(head, false);
  const magic = header.u32(0);
  const count = header.u32(4);
  if ((magic !== FAT && magic !== FAT_64) || count > MAX_PROGRAMS) return null;
  const is64 = magic === FAT_64;
  const entryBytes = is64 ? 32 : 20;
  const entries = new Fields(await content.read(HEADER, entryBytes * count), false);
  const parts: Content[] = [];
  for (let at = 0; at + entryBytes <= entries.length; at += entryBytes) {
    const offset = entries.word(at + 8, is64);
    const size = entries.word(at + (is64 ? 16 : 12), is64);
    if (offset >= HEADER && offset + size <= content.size) parts.push(contentWithin(content, offset, size));
  }
  return parts;
}
