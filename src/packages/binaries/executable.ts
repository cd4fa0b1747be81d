// Sections of programs, as far as they are needed to find what a compiler left in them. Only headers are read.
import type { Content } from '../seen-files.ts';
import { readElf } from './elf.ts';
import { readMachO } from './mach-o.ts';
import { readPe } from './pe.ts';
import type { Executable } from './section.ts';

/** Reads a program's headers; null if the file isn't a program of a known format. Damaged headers yield what can be read. */
export async function readExecutable(content: Content): Promise<Executable | null> {
  const head = await content.read(0, 64);
  if (head.length < 64) return null;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const magic = view.getUint32(0);
  if (magic === 0x7f454c46) return readElf(content, head);
  if (view.getUint16(0) === 0x4d5a) return readPe(content, head);
  if (magic === 0xfeedface || magic === 0xfeedfacf || magic === 0xcefaedfe || magic === 0xcffaedfe) return readMachO(content, head);
  return null;
}
