// Mach-O, the program format of macOS. universal.ts splits universal binaries, which contain several programs. Source: Apple,
// mach-o/loader.h.
import type { Content } from '../seen-files.ts';
import { Fields } from './fields.ts';
import { type Executable, MAX_SECTIONS, type Section } from './section.ts';

const SEGMENT = 1;
const SEGMENT_64 = 0x19;
const WRITE = 2;
const NAME = 16;
const MAX_COMMANDS_BYTES = 1024 * 1024;

export async function readMachO(content: Content, head: Uint8Array): Promise<Executable> {
  const little = head[0] === 0xce || head[0] === 0xcf;
  const is64 = head[0] === 0xcf || head[3] === 0xcf;
  const header = new Fields(head, little);
  const headerBytes = is64 ? 32 : 28;
  const commands = new Fields(await content.read(headerBytes, Math.min(header.u32(20), MAX_COMMANDS_BYTES)), little);
  const sections: Section[] = [];
  const segments: Section[] = [];
  const wanted = is64 ? SEGMENT_64 : SEGMENT;
  for (let at = 0; at + 8 <= commands.length; ) {
    const length = commands.u32(at + 4);
    if (length < 8) break;
    if (commands.u32(at) === wanted && segments.length < MAX_SECTIONS) addSegment(commands, at, is64, segments, sections);
    at += length;
  }
  return { sections, segments };
}

function addSegment(commands: Fields, at: number, is64: boolean, segments: Section[], sections: Section[]): void {
  const width = is64 ? 8 : 4;
  const after = at + 8 + NAME + 4 * width;
  const isWritable = (commands.u32(after + 4) & WRITE) !== 0;
  segments.push({
    name: commands.name(at + 8, NAME),
    address: commands.word(at + 24, is64),
    offset: commands.word(at + 24 + 2 * width, is64),
    size: commands.word(at + 24 + 3 * width, is64),
    isWritable,
  });
  const sectionBytes = is64 ? 80 : 68;
  const count = commands.u32(after + 8);
  for (let index = 0; index < count && sections.length < MAX_SECTIONS; index++) {
    const section = after + 16 + index * sectionBytes;
    if (section + sectionBytes > commands.length) break;
    sections.push({
      name: commands.name(section, NAME),
      address: commands.word(section + 32, is64),
      offset: commands.u32(section + 32 + 2 * width),
      size: commands.word(section + 32 + width, is64),
      isWritable,
    });
  }
}
