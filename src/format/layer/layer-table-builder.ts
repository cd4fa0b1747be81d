// A layer is a tar (OCI image-spec layer.md) whose members are laid over the layers below:
//
//   any other name     what the path is from here on; of several members of one path the last counts
//   .wh.NAME           a whiteout: hides NAME, of the layers below, beside it
//   .wh..wh..opq       an opaque marker: hides all that the layers below have in its folder
//   .wh..wh.*          AUFS's own (plnk, aufs, orph): no part of the view; nor is a bare .wh. or one of `.` or `..`
//
// Names are relative to the root. Normal form has no leading `/` or `./`, no empty, `.` or `..` component and no trailing `/`.
// A name that climbs over the root has none: it is listed in raw only.
//
// The order of a layer's members matters where they meet, since containerd applies each layer to an empty folder of its own: a symbolic
// link on the way of a name is followed inside the root, and an entry that replaces a folder takes away what the layer laid below it.
import type { TarFinding, TarHandler, TarMember } from '#format/tar';
import { displayPath, escapePath, type Finding, type FindingCode, TYPE } from '#model';
import { FindingList } from './finding-list.ts';
import { finished, growing, grown } from './growing.ts';
import { FLAG, hashName, type LayerTable, NO_NODE, nodePath } from './layer-table.ts';
import { MetaTable } from './metas.ts';
import { climbsOut, isUtf8, leadsOutOnWindows } from './names.ts';
import { bytesOf, OwnLinks, partsOf, textOf } from './own-links.ts';
import { HOLDS, MARK, PathTree, SHAPE, WALK } from './path-tree.ts';

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
  readonly #ownLinks = new OwnLinks(this.#tree, (node) => this.#linkOf(this.#linkAt(node)));
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
  #linkTarget = growing(Uint32Array<ArrayBuffer>, 64);
  /** The member handed in last: findings that come right after it are about it. */
  #last: TarMember | null = null;
  #dotSlashCount = 0;
  #dotSlashOffset = 0;
  #dotSlashPath = '';
  /** Whether anything was taken away again: markers may be gone. */
  #tookAway = false;
  /** Whether a hard link says other facts than what it is a name of. */
  #changedFacts = false;

  constructor() {
    this.#tree.onFolderInPlace = (node) => this.#makeFolderOf(node);
  }

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
    this.#tellDotSlash();
    const count = this.#count;
    const tree = this.#tree;
    if (this.#tookAway) this.#dropMarkers();
    if (this.#changedFacts) this.#shareFacts();
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
      nodeCount: tree.count,
      nodeParent: tree.parent,
      nodeNameStart: tree.nameStart,
      nodeNames: tree.names,
      nodeHash: tree.hash,
      metas: this.#metas.metas,
      linkStart,
      linkNames: finished(this.#linkNames, linkStart[this.#linkCount] as number),
      linkTarget: finished(this.#linkTarget, this.#linkCount),
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
    if (this.#linkCount === this.#linkStart.length) {
      this.#linkStart = grown(this.#linkStart, this.#linkCount * 2);
      this.#linkTarget = grown(this.#linkTarget, this.#linkCount * 2);
    }
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
    let walked = tree.walk(nameBytes, nameStart, nameEnd);
    if (walked === WALK.byLinks) walked = this.#walkByLinks(member);
    if (tree.shape !== 0 || tree.marks !== 0) this.#look(member, row);
    if (walked !== WALK.found) {
      this.#setRawOnly(row);
      return;
    }
    if (tree.baseStart < 0) {
      this.#placeRoot(member, row);
      return;
    }
    const { bytes, folder, baseStart, baseEnd } = tree;
    if (bytes[baseStart] === 0x2e && baseEnd - baseStart >= 4 && startsWith(bytes, baseStart, WHITEOUT)) {
      this.#placeWhiteout(member, row);
      return;
    }
    const node = tree.intern(folder, bytes, baseStart, baseEnd, tree.baseHash);
    this.#stand(member, row, node, member.type === TYPE.hardlink ? this.#target(member, row, node) : row);
  }

  /** A name with a `..`, which is taken by its text, or one that goes through links. */
  #walkByLinks(member: TarMember): number {
    const tree = this.#tree;
    const { nameBytes, nameStart, nameEnd } = member;
    const { shape, marks } = tree;
    const given = partsOf(textOf(nameBytes, nameStart, nameEnd));
    const clean: string[] = [];
    for (const part of given) {
      if (part !== '..') clean.push(part);
      else if (clean.pop() === undefined) {
        tree.shape = shape | SHAPE.dotDot;
        return WALK.noNode;
      }
    }
    const base = clean.pop();
    const folders = this.#ownLinks.resolve(clean.join('/'));
    if (folders === null) {
      tree.shape = shape | SHAPE.loop;
      return WALK.noNode;
    }
    const walked = tree.walkParts(folders, base === undefined ? null : bytesOf(base));
    tree.shape = shape | (given.includes('..') ? SHAPE.odd : 0);
    // A closer look, since the walk stopped before it saw all of the name.
    const whole = leadsOutOnWindows(nameBytes, nameStart, nameEnd) ? MARK.backslash : 0;
    const { through, climbs } = this.#ownLinks;
    tree.marks = marks | whole | MARK.high | (through ? MARK.link : 0) | (climbs ? MARK.climbs : 0);
    return base === undefined ? this.#atRoot() : walked;
  }

  #atRoot(): number {
    this.#tree.baseStart = -1;
    return WALK.found;
  }

  /** The member stands for the node from now on. `shown`: the member whose link text a path through the node follows. */
  #stand(member: TarMember, row: number, node: number, shown: number): void {
    const tree = this.#tree;
    this.#node[row] = node;
    const held = tree.holds[node] as number;
    const before = tree.member[node] as number;
    tree.member[node] = row + 1;
    const is = member.type === TYPE.directory ? HOLDS.folder : shown >= 0 && this.#type[shown] === TYPE.symlink ? HOLDS.link : HOLDS.other;
    if ((held & (HOLDS.folder | HOLDS.link | HOLDS.other)) === 0) tree.hold(node, is);
    else if ((held & is) === 0 || is === HOLDS.link) {
      if ((held & HOLDS.folder) !== 0) this.#replaceFolder(member, node);
      tree.holdInstead(node, is | (held & HOLDS.whiteout));
    }
    if (before === 0) return;
    this.#set(before - 1, FLAG.superseded);
    this.#tell('duplicate-path', member, 'the path comes more than once in this layer: the last entry takes precedence');
  }

  /** What the layer laid below a folder goes with it. */
  #replaceFolder(member: TarMember, node: number): void {
    const { member: standing } = this.#tree;
    let gone = 0;
    this.#tookAway = true;
    this.#tree.clearBelow(node, (below) => {
      const row = (standing[below] as number) - 1;
      if (row < 0) return;
      this.#set(row, FLAG.superseded);
      standing[below] = 0;
      gone++;
    });
    if (gone === 0) return;
    const entries = gone === 1 ? 'the entry' : `the ${gone} entries`;
    this.#tell('folder-replaced', member, `replaces a folder of this layer, and with it ${entries} that came before in it`);
  }

  /** A file on the way to another entry gives place to a folder, so that nothing is hidden. */
  #makeFolderOf(node: number): void {
    const tree = this.#tree;
    const before = tree.member[node] as number;
    if (before === 0) return;
    tree.member[node] = 0;
    this.#set(before - 1, FLAG.superseded);
    if (this.#last === null) return;
    this.#tell('entry-below-file', this.#last, `stands below ${displayPath(this.#pathOfNode(node))}, which this layer brings as no folder`);
  }

  /** Whiteouts and opaque markers in what was replaced are gone. */
  #dropMarkers(): void {
    const { holds } = this.#tree;
    for (let row = 0; row < this.#count; row++) {
      const bit = this.#has(row, FLAG.whiteout) ? HOLDS.whiteout : this.#has(row, FLAG.opaque) ? HOLDS.opaque : 0;
      if (bit !== 0 && ((holds[this.#node[row] as number] as number) & bit) === 0) this.#set(row, FLAG.superseded);
    }
  }

  #placeRoot(member: TarMember, row: number): void {
    const { shape } = this.#tree;
    const plain = (shape & (SHAPE.dotSlash | SHAPE.trailingSlash)) === (SHAPE.dotSlash | SHAPE.trailingSlash) && (shape & SHAPE.odd) === 0;
    if (member.type === TYPE.directory) {
      if (!plain && (shape & SHAPE.odd) === 0) this.#tell('odd-name', member, 'a name that stands for the root');
      this.#stand(member, row, 0, row);
      return;
    }
    if ((shape & SHAPE.odd) === 0) this.#tell('odd-name', member, 'an entry that is no folder has a name that stands for the root');
    this.#setRawOnly(row);
  }

  #placeWhiteout(member: TarMember, row: number): void {
    const { bytes: nameBytes, folder, baseStart, baseEnd } = this.#tree;
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
        this.#tree.hold(folder, HOLDS.opaque);
        this.#set(row, FLAG.opaque);
      } else this.#setRawOnly(row);
    } else {
      const node = this.#tree.intern(folder, nameBytes, start, baseEnd, hashName(nameBytes, start, baseEnd));
      this.#node[row] = node;
      this.#tree.hold(node, HOLDS.whiteout);
      this.#set(row, FLAG.whiteout);
    }
  }

  /** A closer look at a name that isn't plainly in normal form. */
  #look(member: TarMember, row: number): void {
    const { shape, marks } = this.#tree;
    const { nameBytes, nameStart, nameEnd } = member;
    if ((shape & SHAPE.dotDot) !== 0) {
      this.#escape(member, row, 'a name that climbs over the root');
    } else if ((marks & MARK.climbs) !== 0) {
      this.#escape(member, row, 'its path goes through a symbolic link that climbs over the root');
    } else if (
      (marks & (MARK.backslash | MARK.dots | MARK.drive)) !== 0 &&
      leadsOutOnWindows(nameBytes, nameStart + (shape & SHAPE.dotSlash ? 2 : 0), nameEnd)
    ) {
      this.#escape(member, row, 'a name that leads out of the root on Windows');
    }
    const odd = member.type === TYPE.directory ? SHAPE.odd : ODD_FOR_OTHERS;
    if ((shape & SHAPE.tooDeep) !== 0) this.#tell('odd-name', member, 'a name with more components than any system takes');
    else if ((shape & SHAPE.loop) !== 0) this.#tell('symlink-loop', member, 'its path goes through symbolic links that lead in a circle');
    else if ((shape & SHAPE.absolute) !== 0 && (shape & odd) === 0 && this.#tree.baseStart >= 0)
      this.#tell('odd-name', member, 'an absolute name: taken inside the root');
    else if ((shape & odd) !== 0 && this.#tree.baseStart >= 0)
      this.#tell('odd-name', member, `not in normal form: ${displayPath(member.name)}`);
    else if ((shape & SHAPE.odd) !== 0) this.#tell('odd-name', member, 'a name that stands for the root');
    else if ((shape & SHAPE.dotSlash) !== 0 && this.#tree.baseStart >= 0) this.#countDotSlash(member);
    if ((marks & MARK.link) !== 0 && (marks & MARK.climbs) === 0) this.#tellWay(member);
    if ((marks & MARK.high) !== 0 && !isUtf8(nameBytes, nameStart, nameEnd)) {
      this.#set(row, FLAG.nameNotUtf8);
      this.#tell('invalid-utf8-name', member, 'a name that is not UTF-8');
    }
  }

  #escape(member: TarMember, row: number, message: string): void {
    this.#set(row, FLAG.escapes);
    this.#tell('path-escape', member, message);
  }

  /** Where a name goes that leads through a symbolic link. */
  #tellWay(member: TarMember): void {
    const { folder } = this.#tree;
    const where = folder === 0 ? 'the root' : displayPath(this.#pathOfNode(folder));
    this.#tell('name-through-link', member, `its path goes through a symbolic link of this layer: it lies in ${where}`);
  }

  /** The member that a hard link names at this moment, through other links, or -1: it comes later, lies below, or is nowhere. */
  #target(member: TarMember, row: number, own: number): number {
    const { linkBytes, linkStart, linkEnd } = member;
    const link = (this.#link[row] as number) - 1;
    this.#linkTarget[link] = 0;
    const path = linkBytes.subarray(linkStart, linkEnd);
    this.#ownLinks.climbs = false;
    const node = this.#findTarget(path);
    const climbs = this.#ownLinks.climbs || climbsOut(path, 0);
    if (!this.#has(row, FLAG.escapes) && (climbs || leadsOutOnWindows(linkBytes, linkStart, linkEnd))) {
      this.#escape(member, row, `a hard link to what lies outside: ${displayPath(member.linkname)}`);
    }
    const standing = node <= 0 || node === own ? -1 : (this.#tree.member[node] as number) - 1;
    if (standing < 0 || this.#type[standing] === TYPE.directory) return -1;
    const further =
      this.#type[standing] === TYPE.hardlink ? (this.#linkTarget[(this.#link[standing] as number) - 1] as number) - 1 : standing;
    if (further < 0) return -1;
    this.#linkTarget[link] = further + 1;
    this.#changedFacts ||= !this.#hasFactsOf(row, further);
    return further;
  }

  #hasFactsOf(row: number, other: number): boolean {
    const sameTime =
      this.#mtimeSeconds[row] === this.#mtimeSeconds[other] && (this.#mtimeNanos[row] ?? 0) === (this.#mtimeNanos[other] ?? 0);
    return sameTime && this.#meta[row] === this.#meta[other];
  }

  /** The node that a path leads to, links on the way followed, the last not; 0 or less: none. */
  #findTarget(path: Uint8Array): number {
    const parts = partsOf(textOf(path));
    const base = parts.pop();
    if (base === undefined || base === '..') return 0;
    const folders = this.#ownLinks.resolve(parts.join('/'));
    if (folders === null) return 0;
    let node = 0;
    for (const name of [...folders, bytesOf(base)]) {
      node = this.#tree.find(node, name, 0, name.length);
      if (node === 0) return 0;
    }
    return node;
  }

  /** The symbolic link that a node holds, itself or as a hard link to it. */
  #linkAt(node: number): number {
    const row = (this.#tree.member[node] as number) - 1;
    return this.#type[row] === TYPE.hardlink ? (this.#linkTarget[(this.#link[row] as number) - 1] as number) - 1 : row;
  }

  /** Names of one inode have its facts, and each hard link sets them anew, as containerd does: the last one decides. */
  #shareFacts(): void {
    const each = (visit: (link: number, target: number) => void): void => {
      for (let row = 0; row < this.#count; row++) {
        if (this.#type[row] !== TYPE.hardlink || this.#node[row] === NO_NODE) continue;
        const target = (this.#linkTarget[(this.#link[row] as number) - 1] as number) - 1;
        if (target >= 0) visit(row, target);
      }
    };
    const copy = (from: number, to: number): void => {
      this.#meta[to] = this.#metas.withFactsOf(this.#meta[to] as number, this.#meta[from] as number);
      this.#mtimeSeconds[to] = this.#mtimeSeconds[from] as number;
      if (this.#mtimeNanos.length > 0) this.#mtimeNanos[to] = this.#mtimeNanos[from] as number;
    };
    each(copy);
    each((link, target) => copy(target, link));
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
    return node === NO_NODE ? undefined : escapePath(this.#pathOfNode(node));
  }

  #pathOfNode(node: number): Uint8Array {
    const { parent, nameStart, names } = this.#tree;
    return nodePath({ nodeParent: parent, nodeNameStart: nameStart, nodeNames: names }, node);
  }
}

function startsWith(bytes: Uint8Array, at: number, text: readonly number[]): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}
