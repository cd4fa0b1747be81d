// A layer is a tar (OCI image-spec layer.md) whose members are laid over the layers below:
//
//   any other name     what the path is from here on; of several members of one path the last counts
//   .wh.NAME           a whiteout: hides NAME, of the layers below, beside it
//   .wh..wh..opq       an opaque marker: hides all that the layers below have in its folder
//   .wh..wh.*          AUFS's own (plnk, aufs, orph): no part of the view; nor is a bare .wh. or one of `.` or `..`
//
// Names are relative to the root. Normal form has no leading `/` or `./`, no empty or `.` component and no trailing `/`.
// A name with a `..` component has none: it is listed in raw only.
import type { TarFinding, TarHandler, TarMember } from '#format/tar';
import { displayPath, escapePath, type Finding, type FindingCode, TYPE } from '#model';
import { FindingList } from './finding-list.ts';
import { finished, growing, grown } from './growing.ts';
import { FLAG, hashName, type LayerTable, NO_NODE, nodePath } from './layer-table.ts';
import { MetaTable } from './metas.ts';
import { climbsOut, isUtf8, leadsOutOnWindows } from './names.ts';
import { MARK, PathTree, SHAPE } from './path-tree.ts';
import { SymlinkEscapes } from './symlink-escape.ts';

const BLOCK = 512;

/** `.wh.`: the name behind it is hidden. Source: OCI image-spec layer.md, Whiteouts; AUFS. */
const WHITEOUT = [0x2e, 0x77, 0x68, 0x2e] as const;
/** `.opq` behind `.wh..wh.`: the folder hides what the layers below have in it. */
const OPAQUE = [0x2e, 0x6f, 0x70, 0x71] as const;

const ODD_FOR_OTHERS = SHAPE.trailingSlash | SHAPE.odd;

/** What {@link LayerTableBuilder.finish} gives. The table is the caller's: its arrays share no memory and may be transferred. */
export interface BuiltLayer {
  readonly table: LayerTable;
  readonly findings: Finding[];
  /** Sum of the regular files' sizes, superseded ones included; see {@link layerFigures}. */
  readonly fileBytes: number;
  /** Members that stand for something in the file system or a whiteout: all but global headers. */
  readonly entries: number;
}

/** `entries` and `fileBytes` of a layer, as cli.md defines them. What isn't part of the view (raw only) and whiteouts add no bytes. */
export function layerFigures(table: LayerTable): { entries: number; fileBytes: number } {
  let entries = 0;
  let fileBytes = 0;
  for (let member = 0; member < table.memberCount; member++) {
    const type = table.type[member];
    if (type !== TYPE.global) entries++;
    if (type === TYPE.file && ((table.flags[member] as number) & (FLAG.rawOnly | FLAG.whiteout | FLAG.opaque)) === 0) {
      fileBytes += table.size[member] as number;
    }
  }
  return { entries, fileBytes };
}

/**
 * Makes a layer's table from the members that a TarReader hands out. Once finished it can't be used again.
 * Names get their normal form here; what leads out of the root, is odd, or comes twice becomes a finding.
 */
export class LayerTableBuilder implements TarHandler {
  readonly #tree = new PathTree();
  readonly #metas = new MetaTable();
  readonly #findings = new FindingList();
  #count = 0;
  #capacity = 256;
  #node = growing(Uint32Array<ArrayBuffer>, 256);
  #type = growing(Uint8Array<ArrayBuffer>, 256);
  #flags = growing(Uint16Array<ArrayBuffer>, 256);
  #size = growing(Float64Array<ArrayBuffer>, 256);
  #mtimeSeconds = growing(Float64Array<ArrayBuffer>, 256);
  /** Made when the first member has some. */
  #mtimeNanos = new Uint32Array(0);
  #headerBlock = growing(Uint32Array<ArrayBuffer>, 256);
  #headerBlocks = growing(Uint32Array<ArrayBuffer>, 256);
  #meta = growing(Uint32Array<ArrayBuffer>, 256);
  #link = growing(Uint32Array<ArrayBuffer>, 256);
  #linkCount = 0;
  #linkStart = growing(Uint32Array<ArrayBuffer>, 64);
  #linkNames = growing(Uint8Array<ArrayBuffer>, 1024);
  /** The member handed in last: findings that come right after it are about it. */
  #last: TarMember | null = null;
  #dotSlashCount = 0;
  #dotSlashOffset = 0;
  #dotSlashPath = '';
  #hardlinkCount = 0;

  member(member: TarMember): void {
    const row = this.#count;
    if (row === this.#capacity) this.#grow();
    this.#count = row + 1;
    this.#last = member;
    const { type } = member;
    this.#type[row] = type;
    this.#flags[row] = member.sparse === null ? 0 : FLAG.sparse;
    this.#size[row] = type === TYPE.file ? member.size : 0;
    this.#mtimeSeconds[row] = member.mtimeSeconds;
    if (member.mtimeNanos !== 0) this.#setNanos(row, member.mtimeNanos);
    this.#headerBlock[row] = member.headerOffset / BLOCK;
    this.#headerBlocks[row] = (member.bodyOffset - member.headerOffset) / BLOCK;
    this.#meta[row] = this.#metas.intern(member);
    this.#link[row] = type === TYPE.symlink || type === TYPE.hardlink ? this.#addLink(member) : 0;
    if (type === TYPE.global || type === TYPE.other) this.#setRawOnly(row);
    else this.#place(member, row);
  }

  finding(finding: TarFinding): void {
    // A finding about a member comes right after it, while its name is still there.
    const last = this.#last;
    const path =
      last !== null && finding.offset === last.headerOffset
        ? () => escapePath(last.name)
        : finding.code === 'truncated' && this.#count > 0 && this.#has(this.#count - 1, FLAG.truncated)
          ? () => this.#pathOf(this.#count - 1)
          : () => undefined;
    this.#findings.add(finding.code, finding.message, finding.offset, path);
  }

  truncated(memberIndex: number): void {
    if (memberIndex >= 0 && memberIndex < this.#count) this.#set(memberIndex, FLAG.truncated);
  }

  /** The table with columns as long as their content, and the findings, in order, at most 1,000 of a code and one that counts the rest. */
  finish(): BuiltLayer {
    this.#last = null;
    this.#markThroughSymlinks();
    this.#tellDotSlash();
    const count = this.#count;
    const tree = this.#tree;
    tree.finish();
    const linkStart = finished(this.#linkStart, this.#linkCount + 1);
    const table: LayerTable = {
      memberCount: count,
      node: finished(this.#node, count),
      type: finished(this.#type, count),
      flags: finished(this.#flags, count),
      size: finished(this.#size, count),
      mtimeSeconds: finished(this.#mtimeSeconds, count),
      mtimeNanos: this.#mtimeNanos.length === 0 ? this.#mtimeNanos : finished(this.#mtimeNanos, count),
      headerBlock: finished(this.#headerBlock, count),
      headerBlocks: finished(this.#headerBlocks, count),
      meta: finished(this.#meta, count),
      link: finished(this.#link, count),
      bodySums: new Uint32Array(0), // whoever hands over bodies puts them in
      nodeCount: tree.count,
      nodeParent: tree.parent,
      nodeNameStart: tree.nameStart,
      nodeNames: tree.names,
      nodeHash: tree.hash,
      metas: this.#metas.metas,
      linkStart,
      linkNames: finished(this.#linkNames, linkStart[this.#linkCount] as number),
    };
    return { table, findings: this.#findings.finish(), ...layerFigures(table) };
  }

  #grow(): void {
    const length = this.#capacity * 2;
    this.#capacity = length;
    this.#node = grown(this.#node, length);
    this.#type = grown(this.#type, length);
    this.#flags = grown(this.#flags, length);
    this.#size = grown(this.#size, length);
    this.#mtimeSeconds = grown(this.#mtimeSeconds, length);
    if (this.#mtimeNanos.length > 0) this.#mtimeNanos = grown(this.#mtimeNanos, length);
    this.#headerBlock = grown(this.#headerBlock, length);
    this.#headerBlocks = grown(this.#headerBlocks, length);
    this.#meta = grown(this.#meta, length);
    this.#link = grown(this.#link, length);
  }

  #setNanos(row: number, nanos: number): void {
    if (this.#mtimeNanos.length === 0) this.#mtimeNanos = growing(Uint32Array<ArrayBuffer>, this.#capacity);
    this.#mtimeNanos[row] = nanos;
  }

  /** 1 + number of the link name. */
  #addLink(member: TarMember): number {
    const { linkBytes, linkStart, linkEnd } = member;
    const from = this.#linkStart[this.#linkCount] as number;
    const to = from + linkEnd - linkStart;
    if (to > this.#linkNames.length) this.#linkNames = grown(this.#linkNames, to * 2);
    for (let i = linkStart, at = from; i < linkEnd; i++) this.#linkNames[at++] = linkBytes[i] as number;
    this.#linkCount++;
    if (this.#linkCount === this.#linkStart.length) this.#linkStart = grown(this.#linkStart, this.#linkCount * 2);
    this.#linkStart[this.#linkCount] = to;
    return this.#linkCount;
  }

  #linkOf(row: number): Uint8Array {
    const link = this.#link[row] as number;
    return this.#linkNames.subarray(this.#linkStart[link - 1], this.#linkStart[link]);
  }

  #set(row: number, flags: number): void {
    this.#flags[row] = (this.#flags[row] as number) | flags;
  }

  #has(row: number, flags: number): boolean {
    return ((this.#flags[row] as number) & flags) !== 0;
  }

  #setRawOnly(row: number): void {
    this.#node[row] = NO_NODE;
    this.#set(row, FLAG.rawOnly);
  }

  #tell(code: FindingCode, member: TarMember, message: string): void {
    this.#findings.add(code, message, member.headerOffset, () => escapePath(member.name));
  }

  /** Finds the member's node, from its name in normal form. */
  #place(member: TarMember, row: number): void {
    const tree = this.#tree;
    const { nameBytes, nameStart, nameEnd } = member;
    const hasNode = tree.walk(nameBytes, nameStart, nameEnd);
    if (tree.shape !== 0 || tree.marks !== 0) this.#look(member, row);
    if (!hasNode) {
      this.#setRawOnly(row);
      return;
    }
    if (tree.baseStart < 0) {
      this.#placeRoot(member, row);
      return;
    }
    const { folder, baseStart, baseEnd } = tree;
    if (nameBytes[baseStart] === 0x2e && baseEnd - baseStart >= 4 && startsWith(nameBytes, baseStart, WHITEOUT)) {
      this.#placeWhiteout(member, row);
      return;
    }
    this.#stand(member, row, tree.intern(folder, nameBytes, baseStart, baseEnd, tree.baseHash));
    if (member.type === TYPE.hardlink) this.#lookAtHardlink(member, row);
  }

  /** The member stands for the node from now on. */
  #stand(member: TarMember, row: number, node: number): void {
    this.#node[row] = node;
    const before = this.#tree.member[node] as number;
    this.#tree.member[node] = row + 1;
    if (before === 0) return;
    this.#set(before - 1, FLAG.superseded);
    this.#tell('duplicate-path', member, 'the path comes more than once in this layer: the last entry counts');
  }

  #placeRoot(member: TarMember, row: number): void {
    const { shape } = this.#tree;
    const plain = (shape & (SHAPE.dotSlash | SHAPE.trailingSlash)) === (SHAPE.dotSlash | SHAPE.trailingSlash) && (shape & SHAPE.odd) === 0;
    if (member.type === TYPE.directory) {
      if (!plain && (shape & SHAPE.odd) === 0) this.#tell('odd-name', member, 'a name that stands for the root');
      this.#stand(member, row, 0);
      return;
    }
    if ((shape & SHAPE.odd) === 0) this.#tell('odd-name', member, 'an entry that is no folder has a name that stands for the root');
    this.#setRawOnly(row);
  }

  #placeWhiteout(member: TarMember, row: number): void {
    const { nameBytes } = member;
    const { folder, baseStart, baseEnd } = this.#tree;
    const start = baseStart + WHITEOUT.length;
    if (start === baseEnd || (baseEnd === start + 1 && nameBytes[start] === 0x2e)) {
      this.#tell('bare-whiteout', member, 'a whiteout that names nothing: not applied');
      this.#setRawOnly(row);
    } else if (baseEnd === start + 2 && nameBytes[start] === 0x2e && nameBytes[start + 1] === 0x2e) {
      this.#tell('path-escape', member, 'a whiteout of the folder above: not applied');
      this.#set(row, FLAG.escapes);
      this.#setRawOnly(row);
    } else if (startsWith(nameBytes, start, WHITEOUT)) {
      const rest = start + WHITEOUT.length;
      if (baseEnd - rest === OPAQUE.length && startsWith(nameBytes, rest, OPAQUE)) {
        this.#node[row] = folder;
        this.#set(row, FLAG.opaque);
      } else this.#setRawOnly(row);
    } else {
      this.#node[row] = this.#tree.intern(folder, nameBytes, start, baseEnd, hashName(nameBytes, start, baseEnd));
      this.#set(row, FLAG.whiteout);
    }
  }

  /** A closer look at a name that isn't plainly in normal form. */
  #look(member: TarMember, row: number): void {
    const { shape, marks } = this.#tree;
    const { nameBytes, nameStart, nameEnd } = member;
    if ((shape & SHAPE.dotDot) !== 0) {
      this.#escape(member, row, 'a name with a .. component');
    } else if ((shape & SHAPE.absolute) !== 0) {
      this.#escape(member, row, 'an absolute name');
    } else if (
      (marks & (MARK.backslash | MARK.dots | MARK.drive)) !== 0 &&
      leadsOutOnWindows(nameBytes, nameStart + (shape & SHAPE.dotSlash ? 2 : 0), nameEnd)
    ) {
      this.#escape(member, row, 'a name that leads out of the root on Windows');
    }
    const odd = member.type === TYPE.directory ? SHAPE.odd : ODD_FOR_OTHERS;
    if ((shape & SHAPE.tooDeep) !== 0) this.#tell('odd-name', member, 'a name with more components than any system takes');
    else if ((shape & odd) !== 0 && this.#tree.baseStart >= 0)
      this.#tell('odd-name', member, `not in normal form: ${displayPath(member.name)}`);
    else if ((shape & SHAPE.odd) !== 0) this.#tell('odd-name', member, 'a name that stands for the root');
    else if ((shape & SHAPE.dotSlash) !== 0 && this.#tree.baseStart >= 0) this.#countDotSlash(member);
    if ((marks & MARK.high) !== 0 && !isUtf8(nameBytes, nameStart, nameEnd)) {
      this.#set(row, FLAG.nameNotUtf8);
      this.#tell('invalid-utf8-name', member, 'a name that is not UTF-8');
    }
  }

  #escape(member: TarMember, row: number, message: string): void {
    this.#set(row, FLAG.escapes);
    this.#tell('path-escape', member, message);
  }

  #lookAtHardlink(member: TarMember, row: number): void {
    this.#hardlinkCount++;
    const { linkBytes, linkStart, linkEnd } = member;
    if (this.#has(row, FLAG.escapes)) return;
    if (climbsOut(linkBytes.subarray(linkStart, linkEnd), 0) || leadsOutOnWindows(linkBytes, linkStart, linkEnd)) {
      this.#escape(member, row, `a hard link to what lies outside: ${displayPath(member.linkname)}`);
    }
  }

  /** `tar -C folder .` puts `./` before every name: one finding says so. */
  #countDotSlash(member: TarMember): void {
    if (this.#dotSlashCount++ > 0) return;
    this.#dotSlashOffset = member.headerOffset;
    this.#dotSlashPath = escapePath(member.name);
  }

  #tellDotSlash(): void {
    if (this.#dotSlashCount === 0) return;
    const others = this.#dotSlashCount === 1 ? '' : `, and ${this.#dotSlashCount - 1} more like it`;
    this.#findings.add('odd-name', `a name that begins with ./${others}`, this.#dotSlashOffset, () => this.#dotSlashPath);
  }

  #pathOf(row: number): string | undefined {
    const node = this.#node[row] as number;
    if (node === NO_NODE) return undefined;
    const { parent, nameStart, names } = this.#tree;
    return escapePath(nodePath({ nodeParent: parent, nodeNameStart: nameStart, nodeNames: names }, node));
  }

  /** Members whose path, or hard link's target, passes through a symlink of this layer that leads out. */
  #markThroughSymlinks(): void {
    const escapes = new SymlinkEscapes(this.#tree, this.#type, (row) => this.#linkOf(row));
    const below = escapes.below();
    for (let row = 0; row < this.#count && (below !== null || this.#hardlinkCount > 0); row++) {
      const node = this.#node[row] as number;
      if (node === NO_NODE || this.#has(row, FLAG.escapes)) continue;
      const through = below !== null && below[node] === 1;
      if (!through && !(this.#type[row] === TYPE.hardlink && escapes.leadsOut(this.#linkOf(row)))) continue;
      this.#set(row, FLAG.escapes);
      const what = through ? 'its path passes' : "its hard link's target passes";
      this.#findings.add(
        'path-escape',
        `${what} through a symbolic link that leads out of the root`,
        (this.#headerBlock[row] as number) * BLOCK,
        () => this.#pathOf(row),
      );
    }
  }
}

function startsWith(bytes: Uint8Array, at: number, text: readonly number[]): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}
