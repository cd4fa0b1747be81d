// Universal ("fat") Mach-O files hold a program once for each processor. Numbers are big-endian.
//
//   header  magic CAFEBABE or, with numbers of 64 bits, CAFEBABF; number of programs u32
//   entry   processor u32, kind u32, offset, size (u32, or u64 each), alignment u32 (and of 64 bits: four bytes that are 0)
//
// A Java class begins with CAFEBABE too; its next four bytes are its version, which is 45 or more. Source: Apple, mach-o/fat.h.
import { type Content, contentWithin } from '../seen-files.ts';
import { Fields } from './fields.ts';

const FAT = 0xcafebabe;
const FAT_64 = 0xcafebabf;
const HEADER = 8;
/** More are a Java class. Apple's tools write at most a handful. */
const MAX_PROGRAMS = 44;

/** The programs of a universal file; null if it isn't one. Entries that lead out of the file are left out. */
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
