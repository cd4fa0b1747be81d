// PE, the program format of Windows. Source: Microsoft's PE Format.
import type { Content } from '../seen-files.ts';
import { Fields } from './fields.ts';
import { type Executable, MAX_SECTIONS, type Section } from './section.ts';

const SIGNATURE = 0x00004550;
const FILE_HEADER = 24;
const SECTION_BYTES = 40;
const PE64 = 0x20b;
const INITIALIZED_DATA = 0x40;
const WRITABLE = 0x8000_0000;

export async function readPe(content: Content, head: Uint8Array): Promise<Executable | null> {
  const start = new Fields(head, true).u32(60);
  const header = new Fields(await content.read(start, FILE_HEADER + 32), true);
  if (header.u32(0) !== SIGNATURE) return null;
  const count = Math.min(header.u16(6), MAX_SECTIONS);
  const is64 = header.u16(FILE_HEADER) === PE64;
  const base = is64 ? header.u64(FILE_HEADER + 24) : header.u32(FILE_HEADER + 28);
  const table = new Fields(await content.read(start + FILE_HEADER + header.u16(20), SECTION_BYTES * count), true);
  const sections: Section[] = [];
  for (let at = 0; at < count * SECTION_BYTES; at += SECTION_BYTES) {
    const flags = table.u32(at + 36);
    sections.push({
      name: table.name(at, 8),
      address: base + table.u32(at + 12),
      offset: table.u32(at + 20),
      size: table.u32(at + 16),
      isWritable: (flags & WRITABLE) !== 0 && (flags & INITIALIZED_DATA) !== 0,
    });
  }
  return { sections, segments: sections };
}
