// cargo-auditable's addition to a Rust program: its crates as zlib-compressed JSON. Source: rust-secure-code/cargo-auditable, PARSING.md.
import { asArray, asObject, asText, parseJson } from '#format/image';
import { type FoundPackage, foundPackage, NO_FILES, type OwnedFiles } from '../package.ts';
import type { Content, Inflaters } from '../seen-files.ts';
import type { Executable } from './section.ts';

const SECTION = '.dep-v0';
const MAX_PACKED = 4 * 1024 * 1024;
const MAX_PLAIN = 16 * 1024 * 1024;

/**
 * Reads the crates of a Rust program; empty if cargo-auditable didn't list them in the program. Leaves out crates used only by the build.
 * The root crate owns `files`. Throws BAD_MANIFEST, TOO_LARGE.
 */
export async function readCrates(
  content: Content,
  { sections }: Executable,
  { inflateZlib }: Inflaters,
  files: OwnedFiles,
): Promise<FoundPackage[]> {
  const section = sections.find(({ name }) => name === SECTION);
  if (section === undefined) return [];
  const plain = inflateZlib(await content.read(section.offset, Math.min(section.size, MAX_PACKED)), MAX_PLAIN);
  if (plain === null) return [];
  const found: FoundPackage[] = [];
  for (const value of asArray(asObject(parseJson(plain, SECTION))?.packages)) {
    const crate = asObject(value);
    if (crate?.kind === 'build') continue;
    const owned = crate?.root === true ? files : NO_FILES;
    const each = foundPackage('cargo', asText(crate?.name) ?? '', asText(crate?.version) ?? '', { files: owned });
    if (each !== null) found.push(each);
  }
  return found;
}
