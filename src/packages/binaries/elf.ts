// ELF, the program format of Linux. Source: System V ABI, chapters 4 and 5.
import type { Content } from '../seen-files.ts';
import { Fields } from './fields.ts';
import { type Executable, MAX_SECTIONS, type Section } from './section.ts';

const LOAD = 1;
const NO_BITS = 8;
const WRITE_SEGMENT = 2;
const WRITE_SECTION = 1;
const MAX_NAMES = 1024 * 1024;
const MAX_NAME = 64;

export async function readElf(content: Content, head: Uint8Array): Promise<Executable> {
  const is64 = head[4] === 2;
  const header = new Fields(head, head[5] !== 2);
  const at = is64 ? { segments: 32, sections: 40, counts: 54 } : { segments: 28, sections: 32, counts: 42 };
  const table = async (offset: number, entryBytes: number, count: number): Promise<Fields> => {
    const bytes = await content.read(offset, entryBytes * Math.min(count, MAX_SECTIONS));
    return new Fields(bytes, head[5] !== 2);
  };
  const segmentBytes = header.u16(at.counts);
  const segmentCount = Math.min(header.u16(at.counts + 2), MAX_SECTIONS);
  const sectionBytes = header.u16(at.counts + 4);
  const sectionCount = Math.min(header.u16(at.counts + 6), MAX_SECTIONS);
  const segments = await table(header.word(at.segments, is64), segmentBytes, segmentCount);
  const sections = await table(header.word(at.sections, is64), sectionBytes, sectionCount);
  const names = await sectionNames(content, sections, sectionBytes, header.u16(at.counts + 8), is64, head[5] !== 2);
  return {
    segments: Array.from({ length: segmentCount }, (_, index) => segmentAt(segments, index * segmentBytes, is64)).filter(isThere),
    sections: Array.from({ length: sectionCount }, (_, index) => sectionAt(sections, index * sectionBytes, is64, names)).filter(isThere),
  };
}

function isThere(section: Section | null): section is Section {
  return section !== null;
}

async function sectionNames(
  content: Content,
  sections: Fields,
  entryBytes: number,
  index: number,
  is64: boolean,
  little: boolean,
): Promise<Fields> {
  const at = index * entryBytes;
  const offset = sections.word(at + (is64 ? 24 : 16), is64);
  const size = sections.word(at + (is64 ? 32 : 20), is64);
  return new Fields(await content.read(offset, Math.min(size, MAX_NAMES)), little);
}

function segmentAt(fields: Fields, at: number, is64: boolean): Section | null {
  if (fields.u32(at) !== LOAD) return null;
  return {
    name: '',
    address: fields.word(at + (is64 ? 16 : 8), is64),
    offset: fields.word(at + (is64 ? 8 : 4), is64),
    size: fields.word(at + (is64 ? 32 : 16), is64),
    isWritable: (fields.u32(at + (is64 ? 4 : 24)) & WRITE_SEGMENT) !== 0,
  };
}

function sectionAt(fields: Fields, at: number, is64: boolean, names: Fields): Section | null {
  const type = fields.u32(at + 4);
  if (type === 0 || type === NO_BITS) return null;
  return {
    name: names.name(fields.u32(at), MAX_NAME),
    address: fields.word(at + (is64 ? 16 : 12), is64),
    offset: fields.word(at + (is64 ? 24 : 16), is64),
    size: fields.word(at + (is64 ? 32 : 20), is64),
    isWritable: (fields.u32(at + 8) & WRITE_SECTION) !== 0,
  };
}
