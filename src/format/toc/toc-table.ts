import type { TocChunk, TocEntry } from '#format/estargz';
import { type LayerTable, LayerTableBuilder } from '#format/layer';
import type { TarMember } from '#format/tar';
import { decodeUtf8, displayText, type Finding, LayerscopeError, TYPE, trimEnd } from '#model';
import { ChunkColumns } from './chunk-columns.ts';
import { EntryMember, NO_OFFSET, typeOf } from './toc-member.ts';

export interface TocTable {
  readonly table: LayerTable;
  readonly findings: readonly Finding[];
  /** Number of pieces without a digest, stored or not. */
  readonly unvouched: number;
}

/** Builds a layer's table from its TOC. `blobBytes`: stored size of the layer, which limits the table's size. Throws TOO_LARGE. */
export class TocTableBuilder {
  readonly #builder: LayerTableBuilder;
  readonly #member = new EntryMember();
  readonly #chunks = new ChunkColumns();
  readonly #placed: number[] = [];
  #rows = 0;

  constructor(blobBytes: number) {
    this.#builder = new LayerTableBuilder(blobBytes);
  }

  add(entry: TocEntry): void {
    this.#add(this.#member.of(entry), entry.chunks, entry.digest);
  }

  /** Adds a member that has a header and is a single piece of the blob: the TOC itself. */
  addHeader(member: TarMember, chunk: TocChunk): void {
    this.#add({ ...member, ...viewsOf(member), headerOffset: NO_OFFSET, bodyOffset: NO_OFFSET }, [chunk], chunk.digest);
  }

  /** Adds an entry whose content is at an offset in the plain tar. A table has either such entries or entries with pieces. */
  addPlaced(entry: TocEntry, plainOffset: number): void {
    this.#placed.push(entry.type === 'reg' ? plainOffset : 0);
    this.add(entry);
  }

  #add(member: TarMember, chunks: readonly TocChunk[], digest: string | null): void {
    this.#builder.member(member);
    this.#chunks.add(this.#rows++, chunks, digest);
  }

  finish(): TocTable {
    const { table, findings } = this.#builder.finish();
    const pieces = this.#chunks.finish(table.memberCount);
    const columns = this.#placed.length === 0 ? pieces : { ...pieces, bodyAt: Float64Array.from(this.#placed) };
    return {
      table: { ...table, ...columns, provenance: 'toc' },
      findings: findings.map(withoutPlace),
      unvouched: this.#chunks.unvouched,
    };
  }
}

/** Returns the values of a member's getters, which a spread omits. */
function viewsOf(member: TarMember): Pick<TarMember, 'name' | 'linkname' | 'uname' | 'gname' | 'pax' | 'hasAttributes'> {
  const { name, linkname, uname, gname, pax, hasAttributes } = member;
  return { name, linkname, uname, gname, pax, hasAttributes };
}

function withoutPlace({ offset, ...rest }: Finding): Finding {
  return offset === undefined || offset === NO_OFFSET ? rest : { ...rest, offset };
}

/**
 * Matches a TOC's entries with the members of its tar, in order, and takes the contents from the TOC. Skips global headers, which TOCs
 * don't list. Throws DAMAGED if entries and members disagree.
 */
export class TocMatcher {
  readonly #entries: readonly TocEntry[];
  readonly #chunks = new ChunkColumns();
  #next = 0;
  #row = 0;

  constructor(entries: readonly TocEntry[]) {
    this.#entries = entries;
  }

  get unvouched(): number {
    return this.#chunks.unvouched;
  }

  member(member: TarMember): void {
    const row = this.#row++;
    if (member.type === TYPE.global) return;
    const entry = this.#entries[this.#next++];
    const name = decodeUtf8(member.name);
    if (entry === undefined) throw disagreement(name, 'is not in the table of contents');
    if (typeOf(entry) !== member.type || entry.sizeBytes !== member.size)
      throw disagreement(name, 'is something else in the table of contents');
    if (name !== null && name !== entry.name && bare(name) !== bare(entry.name))
      throw disagreement(name, 'has another name in the table of contents');
    this.#chunks.add(row, entry.chunks, entry.digest);
  }

  /** Returns the table made from the tar's headers, with the TOC's contents. */
  finish(table: LayerTable): LayerTable {
    if (this.#next < this.#entries.length) throw disagreement(this.#entries[this.#next]?.name ?? null, 'has no header');
    return { ...table, ...this.#chunks.finish(table.memberCount), provenance: 'toc' };
  }
}

function disagreement(name: string | null, what: string): LayerscopeError {
  return new LayerscopeError(
    'DAMAGED',
    `the table of contents and the headers disagree: ${displayText((name ?? '?').slice(0, 200))} ${what}`,
  );
}

function bare(name: string): string {
  return trimEnd(name.replace(/^(\.?\/)+/, ''), '/');
}
