// Sections of programs, as far as they are needed to find the data that compilers leave in them. Only headers are read.
import type { Content } from '../seen-files.ts';
import { readElf } from './elf.ts';
import { readMachO } from './mach-o.ts';
import { readPe } from './pe.ts';
import type { Executable } from './section.ts';
import { universalParts } from './universal.ts';

/** A program, and the part of the file that its offsets refer to. */
export interface Program {
  readonly content: Content;
  readonly executable: Executable;
}

/**
 * Reads the headers of a file's programs: one, or one for each processor in a universal binary; none if the format is unknown. Damaged
 * headers are read as far as possible.
 */
export async function readPrograms(content: Content): Promise<Program[]> {
  const head = await content.read(0, HEAD);
  const parts = head.length < HEAD ? null : await universalParts(content, head);
  const programs: Program[] = [];
  for (const part of parts ?? [content]) {
    const executable = await readExecutable(part);
    if (executable !== null) programs.push({ content: part, executable });
  }
  return programs;
}

const HEAD = 64;

async function readExecutable(content: Content): Promise<Executable | null> {
  const head = await content.read(0, HEAD);
  if (head.length < HEAD) return null;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const magic = view.getUint32(0);
  if (magic === 0x7f454c46) return readElf(content, head);
  if (view.getUint16(0) === 0x4d5a) return readPe(content, head);
  if (magic === 0xfeedface || magic === 0xfeedfacf || magic === 0xcefaedfe || magic === 0xcffaedfe) return readMachO(content, head);
  return null;
}
