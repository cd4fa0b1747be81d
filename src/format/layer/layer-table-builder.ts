// A layer is a tar (OCI image-spec layer.md) whose members are applied on top of the layers below:
//
//   .wh.NAME           a whiteout: hides NAME in the same folder of the layers below
//   .wh..wh..opq       an opaque marker: hides all content of its folder from the layers below
//   .wh..wh.*          files of AUFS (plnk, aufs, orph): not part of the view, like a bare .wh. and whiteouts of `.` and `..`
//   any other name     replaces the path; if several members have the same path, the last wins
//
// Names are relative to the root. The normal form has no leading `/` or `./`, no empty, `.` or `..` component and no trailing `/`.
// A name that climbs out of the root has no normal form: it is raw only.
//
// The order of members matters, because containerd applies each layer to its own empty folder: symbolic links in a name are followed
// inside the root, and an entry that replaces a folder removes what the layer added below it.
import type { TarFinding, TarHandler, TarMember } from '#format/tar';
import { escapePath, type Finding, type FindingCode, TYPE } from '#model';
import { FindingList } from './finding-list.ts';
import { LayerColumns } from './layer-columns.ts';
import { layerFigures } from './layer-figures.ts';
import { FLAG, hashName, type LayerTable, NO_CHUNKS, NO_NODE, nodePath } from './layer-table.ts';
import { isMarkerName, shortPath, shownName, startsWith, WHITEOUT } from './member-names.ts';
import { MetaTable } from './metas.ts';
import { climbsOut, isUtf8, leadsOutOnWindows } from './names.ts';
import { bytesOf, OwnLinks, partsOf, textOf } from './own-links.ts';
import { HOLDS, MARK, SHAPE, WALK } from './path-bits.ts';
import { PathTree } from './path-tree.ts';
import { TableRoom } from './table-room.ts';

/** `.opq`, which follows `.wh..wh.` in an opaque marker. */
const OPAQUE = [0x2e, 0x6f, 0x70, 0x71] as const;

/** Maximum length of a path or link target in bytes; no system allows more than 32,767 characters. */
const MAX_NAME_BYTES = 64 * 1024;

const ODD_FOR_OTHERS = SHAPE.trailingSlash | SHAPE.odd;

/** Result of {@link LayerTableBuilder.finish}. The caller owns the table; its arrays share no memory and may be transferred. */
export interface BuiltLayer {
  readonly table: LayerTable;
  readonly findings: Finding[];
  /** Total size of regular files in bytes, including superseded ones; see {@link layerFigures}. */
  readonly fileBytes: number;
  /** Number of members other than global headers. */
  readonly entries: number;
}

/**
 * Builds a layer's table from a TarReader's members, and normalizes their names. Unusual and repeated names, and names that point outside
 * the root, become findings. Can't be used again after {@link finish}.
 */
export class LayerTableBuilder implements TarHandler {
  readonly #room: TableRoom;
  readonly #tree: PathTree;
  readonly #metas: MetaTable;
  readonly #rows: LayerColumns;
  readonly #ownLinks: OwnLinks;
  readonly #findings = new FindingList();
  /** The most recent member, which the next findings are about. */
  #last: TarMember | null = null;
  #dotSlashCount = 0;
  #dotSlashOffset = 0;
  #dotSlashPath = '';
  /** Whether a folder was replaced, which supersedes any markers in it. */
  #replacedFolder = false;

  /** `blobBytes` is the stored size of the layer, which limits the table's size; no limit if absent. */
  constructor(blobBytes = Number.POSITIVE_INFINITY) {
    this.#room = new TableRoom(blobBytes);
    this.#tree = new PathTree(this.#room);
    this.#metas = new MetaTable(this.#room);
    this.#rows = new LayerColumns(this.#metas, this.#room);
    this.#ownLinks = new OwnLinks(this.#tree, (node) => this.#rows.linkOf(this.#rows.inode((this.#tree.member[node] as number) - 1)));
    this.#tree.onFolderInPlace = (node) => this.#makeFolderOf(node);
  }

  /** Adds a member. Throws TOO_LARGE if the table would be too large for its blob; a table of the earlier members can still be finished. */
  member(member: TarMember): void {
    this.#last = member;
    const nameBytes = member.nameEnd - member.nameStart;
    const linkBytes = member.linkEnd - member.linkStart;
    const isTooLong = nameBytes > MAX_NAME_BYTES || linkBytes > MAX_NAME_BYTES;
    this.#room.member(isTooLong ? 0 : nameBytes);
    const row = this.#rows.add(member, !isTooLong);
    if (isTooLong) {
      this.#setRawOnly(row);
      const what = nameBytes > MAX_NAME_BYTES ? `a name of ${nameBytes}` : `a link target of ${linkBytes}`;
      this.#report('name-too-long', member, `${what} bytes, the limit is ${MAX_NAME_BYTES}`);
    } else if (member.type === TYPE.global || member.type === TYPE.other) this.#setRawOnly(row);
    else this.#placeOrStop(member, row);
  }

  #placeOrStop(member: TarMember, row: number): void {
    try {
      this.#place(member, row);
    } catch (error) {
      // The path exceeds a limit of the table. The row becomes raw only, so that a table of the earlier members can still be finished.
      this.#setRawOnly(row);
      throw error;
    }
  }

  finding(finding: TarFinding): void {
    // A finding comes right after its member, while the member's name is still valid.
    const last = this.#last;
    const path =
      last !== null && finding.offset === last.headerOffset
        ? () => shownName(last)
        : finding.code === 'truncated' && this.#rows.count > 0 && this.#rows.has(this.#rows.count - 1, FLAG.truncated)
          ? () => this.#pathOf(this.#rows.count - 1)
          : () => undefined;
    this.#findings.add(finding.code, finding.message, finding.offset, path);
  }

  truncated(memberIndex: number): void {
    if (memberIndex >= 0 && memberIndex < this.#rows.count) this.#rows.set(memberIndex, FLAG.truncated);
  }

  /** Returns the table, and the findings in order: at most 1,000 per code, followed by one that counts the rest. */
  finish(): BuiltLayer {
    this.#last = null;
    this.#reportDotSlash();
    if (this.#replacedFolder) this.#dropMarkers();
    const tree = this.#tree;
    tree.finish();
    const table: LayerTable = {
      ...this.#rows.finish(),
      ...NO_CHUNKS,
      provenance: 'tar',
      bodySums: new Uint32Array(0), // filled in by the code that reads bodies
      nodeCount: tree.count,
      nodeParent: tree.parent,
      nodeNameStart: tree.nameStart,
      nodeNames: tree.names,
      nodeHash: tree.hash,
      metas: this.#metas.metas,
    };
    return { table, findings: this.#findings.finish(), ...layerFigures(table) };
  }

  #setRawOnly(row: number): void {
    this.#rows.node[row] = NO_NODE;
    this.#rows.set(row, FLAG.rawOnly);
  }

  #report(code: FindingCode, member: TarMember, message: string): void {
    this.#findings.add(code, message, member.headerOffset, () => shownName(member));
  }

  /** Finds the member's node from its normalized name. */
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
    this.#put(member, row, node, member.type === TYPE.hardlink ? this.#target(member, row, node) : row);
  }

  /** Resolves a name that goes through links or contains `..`, which cancels the preceding component even if it is a link. */
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
    if (given.includes('..')) tree.shape |= SHAPE.odd;
    // The walk stopped before the end of the name, so marks that depend on the full name are determined here.
    const whole = leadsOutOnWindows(nameBytes, nameStart, nameEnd) ? MARK.backslash : 0;
    const { through, climbs } = this.#ownLinks;
    tree.marks = marks | whole | MARK.high | (through ? MARK.link : 0) | (climbs ? MARK.climbs : 0);
    return base === undefined ? this.#atRoot() : walked;
  }

  #atRoot(): number {
    this.#tree.baseStart = -1;
    return WALK.found;
  }

  /** Puts the member at the node. `shown` is the row to show for paths through the node: a hard link's target, or -1 if there is none. */
  #put(member: TarMember, row: number, node: number, shown: number): void {
    const tree = this.#tree;
    this.#rows.node[row] = node;
    const held = tree.holds[node] as number;
    const before = tree.member[node] as number;
    tree.member[node] = row + 1;
    const is =
      member.type === TYPE.directory ? HOLDS.folder : shown >= 0 && this.#rows.type[shown] === TYPE.symlink ? HOLDS.link : HOLDS.other;
    if ((held & (HOLDS.folder | HOLDS.link | HOLDS.other)) === 0) tree.hold(node, is);
    else if ((held & is) === 0 || is === HOLDS.link) {
      if ((held & HOLDS.folder) !== 0) this.#replaceFolder(member, node);
      tree.holdInstead(node, is | (held & HOLDS.whiteout));
    }
    if (before === 0) return;
    this.#rows.set(before - 1, FLAG.superseded);
    this.#report('duplicate-path', member, 'the path occurs more than once in this layer: the last entry takes precedence');
  }

  /** Removes what the layer added below a folder that is now replaced. */
  #replaceFolder(member: TarMember, node: number): void {
    const { member: current } = this.#tree;
    let gone = 0;
    this.#replacedFolder = true;
    this.#tree.clearBelow(node, (below) => {
      const row = (current[below] as number) - 1;
      if (row < 0) return;
      this.#rows.set(row, FLAG.superseded);
      current[below] = 0;
      gone++;
    });
    if (gone === 0) return;
    const entries = gone === 1 ? 'the entry' : `the ${gone} entries`;
    this.#report('folder-replaced', member, `replaces a folder of this layer and ${entries} already in it`);
  }

  /**
   * Called if a name goes through a node that isn't a folder. An entry's name replaces the node with a folder, so that nothing is hidden. A
   * marker's name leaves the node in place, because a marker adds nothing; umoci writes such whiteouts when a file replaces a folder.
   */
  #makeFolderOf(node: number): boolean {
    const tree = this.#tree;
    const member = this.#last;
    const isMarker = member !== null && isMarkerName(member);
    const where = `${shortPath(this.#pathOfNode(node))}, which is not a folder in this layer`;
    if (member !== null) this.#report('entry-below-file', member, isMarker ? `a marker below ${where}: not applied` : `is below ${where}`);
    if (isMarker) return false;
    const before = tree.member[node] as number;
    tree.member[node] = 0;
    if (before !== 0) this.#rows.set(before - 1, FLAG.superseded);
    return true;
  }

  /** Marks whiteouts and opaque markers in replaced folders as superseded. */
  #dropMarkers(): void {
    const { holds } = this.#tree;
    for (let row = 0; row < this.#rows.count; row++) {
      const bit = this.#rows.has(row, FLAG.whiteout) ? HOLDS.whiteout : this.#rows.has(row, FLAG.opaque) ? HOLDS.opaque : 0;
      if (bit !== 0 && ((holds[this.#rows.node[row] as number] as number) & bit) === 0) this.#rows.set(row, FLAG.superseded);
    }
  }

  #placeRoot(member: TarMember, row: number): void {
    const { shape } = this.#tree;
    const plain = (shape & (SHAPE.dotSlash | SHAPE.trailingSlash)) === (SHAPE.dotSlash | SHAPE.trailingSlash) && (shape & SHAPE.odd) === 0;
    if (member.type === TYPE.directory) {
      if (!plain && (shape & SHAPE.odd) === 0) this.#report('odd-name', member, 'a name that means the root');
      this.#put(member, row, 0, row);
      return;
    }
    if ((shape & SHAPE.odd) === 0) this.#report('odd-name', member, 'an entry that is not a folder has a name that means the root');
    this.#setRawOnly(row);
  }

  #placeWhiteout(member: TarMember, row: number): void {
    const { bytes: nameBytes, folder, baseStart, baseEnd } = this.#tree;
    const start = baseStart + WHITEOUT.length;
    if (start === baseEnd || (baseEnd === start + 1 && nameBytes[start] === 0x2e)) {
      this.#report('bare-whiteout', member, 'a whiteout that names nothing: not applied');
      this.#setRawOnly(row);
    } else if (baseEnd === start + 2 && nameBytes[start] === 0x2e && nameBytes[start + 1] === 0x2e) {
      this.#report('path-escape', member, 'a whiteout of the folder above: not applied');
      this.#rows.set(row, FLAG.escapes);
      this.#setRawOnly(row);
    } else if (startsWith(nameBytes, start, WHITEOUT)) {
      const rest = start + WHITEOUT.length;
      if (baseEnd - rest === OPAQUE.length && startsWith(nameBytes, rest, OPAQUE)) {
        this.#rows.node[row] = folder;
        this.#tree.hold(folder, HOLDS.opaque);
        this.#rows.set(row, FLAG.opaque);
      } else this.#setRawOnly(row);
    } else {
      const node = this.#tree.intern(folder, nameBytes, start, baseEnd, hashName(nameBytes, start, baseEnd));
      this.#rows.node[row] = node;
      this.#tree.hold(node, HOLDS.whiteout);
      this.#rows.set(row, FLAG.whiteout);
    }
  }

  /** Reports anything unusual about a name that isn't in plain normal form. */
  #look(member: TarMember, row: number): void {
    const { shape, marks } = this.#tree;
    const { nameBytes, nameStart, nameEnd } = member;
    if ((shape & SHAPE.dotDot) !== 0) {
      this.#escape(member, row, 'a name that climbs out of the root');
    } else if ((marks & MARK.climbs) !== 0) {
      this.#escape(member, row, 'its path goes through a symbolic link that climbs out of the root');
    } else if (
      (marks & (MARK.backslash | MARK.dots | MARK.drive)) !== 0 &&
      leadsOutOnWindows(nameBytes, nameStart + (shape & SHAPE.dotSlash ? 2 : 0), nameEnd)
    ) {
      this.#escape(member, row, 'a name that points outside the root on Windows');
    }
    const odd = member.type === TYPE.directory ? SHAPE.odd : ODD_FOR_OTHERS;
    if ((shape & SHAPE.tooDeep) !== 0) this.#report('odd-name', member, 'a name with more components than any system allows');
    else if ((shape & SHAPE.loop) !== 0) this.#report('symlink-loop', member, 'its path goes through a loop of symbolic links');
    else if ((shape & SHAPE.absolute) !== 0 && (shape & odd) === 0 && this.#tree.baseStart >= 0)
      this.#report('odd-name', member, 'an absolute name: read as relative to the root');
    else if ((shape & odd) !== 0 && this.#tree.baseStart >= 0)
      this.#report('odd-name', member, `not in normal form: ${shortPath(member.name)}`);
    else if ((shape & SHAPE.odd) !== 0) this.#report('odd-name', member, 'a name that means the root');
    else if ((shape & SHAPE.dotSlash) !== 0 && this.#tree.baseStart >= 0) this.#countDotSlash(member);
    if ((marks & MARK.link) !== 0 && (marks & MARK.climbs) === 0) this.#reportLink(member);
    if ((marks & MARK.high) !== 0 && !isUtf8(nameBytes, nameStart, nameEnd)) {
      this.#rows.set(row, FLAG.nameNotUtf8);
      this.#report('invalid-utf8-name', member, 'a name that is not UTF-8');
    }
  }

  #escape(member: TarMember, row: number, message: string): void {
    this.#rows.set(row, FLAG.escapes);
    this.#report('path-escape', member, message);
  }

  /** Reports where a name leads if it goes through a symbolic link. */
  #reportLink(member: TarMember): void {
    const { folder } = this.#tree;
    const where = folder === 0 ? 'the root' : shortPath(this.#pathOfNode(folder));
    this.#report('name-through-link', member, `its path goes through a symbolic link of this layer: it is in ${where}`);
  }

  /** Returns the row that a hard link is another name of; -1 if its target isn't in the layer yet, or at all, or is a folder. */
  #target(member: TarMember, row: number, own: number): number {
    const path = this.#rows.linkOf(row);
    this.#ownLinks.climbs = false;
    const node = this.#findTarget(path);
    const climbs = this.#ownLinks.climbs || climbsOut(path, 0);
    if (!this.#rows.has(row, FLAG.escapes) && (climbs || leadsOutOnWindows(path, 0, path.length))) {
      this.#escape(member, row, `a hard link to a target outside the root: ${shortPath(member.linkname)}`);
    }
    const current = node <= 0 || node === own ? -1 : (this.#tree.member[node] as number) - 1;
    if (current < 0 || this.#rows.type[current] === TYPE.directory) return -1;
    const inode = this.#rows.inode(current);
    if (inode >= 0) this.#rows.nameOf(row, inode);
    return inode;
  }

  /** Returns the node that a path leads to, following links except for the last component; 0 or less if there is none. */
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

  /** `tar -C folder .` puts `./` before every name, so one finding covers them all. */
  #countDotSlash(member: TarMember): void {
    if (this.#dotSlashCount++ > 0) return;
    this.#dotSlashOffset = member.headerOffset;
    this.#dotSlashPath = shownName(member);
  }

  #reportDotSlash(): void {
    if (this.#dotSlashCount === 0) return;
    const others = this.#dotSlashCount === 1 ? '' : `, and ${this.#dotSlashCount - 1} more like it`;
    this.#findings.add('odd-name', `a name that begins with ./${others}`, this.#dotSlashOffset, () => this.#dotSlashPath);
  }

  #pathOf(row: number): string | undefined {
    const node = this.#rows.node[row] as number;
    return node === NO_NODE ? undefined : escapePath(this.#pathOfNode(node));
  }

  #pathOfNode(node: number): Uint8Array {
    const { parent, nameStart, names } = this.#tree;
    return nodePath({ nodeParent: parent, nodeNameStart: nameStart, nodeNames: names }, node);
  }
}
