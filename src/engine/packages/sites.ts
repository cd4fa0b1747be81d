import type { NodeViews } from '#changes';
import { FLAG, type LayerTable } from '#format/layer';
import { encodeUtf8, TYPE } from '#model';
import { FIXED_SITES, holdsSites, mayBeSite, programSite, SITE_ENDS, type Site, siteOfFile } from '#packages';

/** A site in an image's tree. */
export interface SiteInTree {
  readonly site: Site;
  /** The nodes that the site is read from, its own first. */
  readonly nodes: Uint32Array;
}

/** Maximum number of sites in an image. */
const MAX_SITES = 500_000;
/** Maximum total length of the sites' paths, in bytes. */
const MAX_PATH_BYTES = 64 * 1024 * 1024;
/** Go and Rust programs are larger than this. */
const MIN_PROGRAM_BYTES = 64 * 1024;
const RUNNABLE = 0o111;

/** Whether a place is worth reading. `node` is the place's own node. */
export type IsWanted = (kind: Site['kind'], node: number, views: NodeViews) => boolean;

/** The places of an image that describe packages. */
interface FoundSites {
  readonly sites: readonly SiteInTree[];
  /** Whether places beyond the limits were left out. */
  readonly isCut: boolean;
}

/** Finds every place in an image that describes packages in any layer and that `isWanted` selects. */
export function findSites(views: NodeViews, isWanted: IsWanted = () => true): FoundSites {
  const found: SiteInTree[] = [];
  let bytes = 0;
  const isFull = (): boolean => found.length >= MAX_SITES || bytes >= MAX_PATH_BYTES;
  const push = (site: Site, nodes: Uint32Array): void => {
    found.push({ site, nodes });
    bytes += site.path.length;
  };
  const add = (site: Site, node: number): void => {
    if (isWanted(site.kind, node, views)) push(site, nodesOf(views, site, node));
  };
  for (const site of FIXED_SITES) {
    const node = views.find(site.path);
    if (node > 0) add(site, node);
  }
  for (const node of likelyNodes(views)) {
    if (isFull()) break;
    const site = siteOfFile(views.path(node));
    if (site !== null) add(site, node);
  }
  for (const node of programs(views)) {
    if (isFull()) break;
    // Checked before the path is built, because an image has thousands of programs.
    if (isWanted('program', node, views)) push(programSite(views.path(node)), Uint32Array.of(node));
  }
  return { sites: found, isCut: isFull() };
}

/** Returns a site's own node and those of the other files that it is read from. */
function nodesOf(views: NodeViews, { also }: Site, own: number): Uint32Array {
  const nodes = new Set([own]);
  for (const { path, depth } of also) {
    const top = views.find(encodeUtf8(path));
    if (top <= 0) continue;
    let level = [top];
    for (let left = depth; left > 0; left--) level = level.flatMap((node) => [...views.children(node)]);
    for (const node of level) nodes.add(node);
  }
  return Uint32Array.from(nodes);
}

/** Returns nodes whose names may be those of sites. Reads the names table by table, because each table stores its own contiguously. */
function likelyNodes(views: NodeViews): Set<number> {
  const { tree } = views;
  const nodes = new Set<number>();
  const folders = new Set<number>();
  tree.layers.forEach((table, layer) => {
    if (table === null) return;
    const { nodeCount, nodeNames, nodeNameStart } = table;
    const map = tree.maps[layer] as Uint32Array;
    for (let node = 1, start = nodeNameStart[1] as number; node < nodeCount; node++) {
      const end = nodeNameStart[node + 1] as number;
      if (SITE_ENDS[nodeNames[end - 1] as number] === 0) {
        start = end;
        continue;
      }
      if (mayBeSite(nodeNames, start, end)) nodes.add(map[node] as number);
      else if (holdsSites(nodeNames, start, end)) folders.add(map[node] as number);
      start = end;
    }
  });
  for (const folder of folders) for (const child of views.children(folder)) nodes.add(child);
  return nodes;
}

/** Returns files that may be programs, judging by size and by mode or name. */
function programs(views: NodeViews): Set<number> {
  const nodes = new Set<number>();
  views.tree.layers.forEach((table, layer) => {
    if (table === null) return;
    const runs = table.metas.map(({ mode }) => (mode & RUNNABLE) !== 0);
    const { memberCount, type, size } = table;
    for (let member = 0; member < memberCount; member++) {
      // Only regular files have a size.
      if ((size[member] as number) < MIN_PROGRAM_BYTES || type[member] !== TYPE.file) continue;
      if (((table.flags[member] as number) & (FLAG.rawOnly | FLAG.whiteout | FLAG.opaque)) !== 0) continue;
      if (runs[table.meta[member] as number] !== true && !isExe(table, table.node[member] as number)) continue;
      const node = views.nodeOfMember(layer, member);
      if (node > 0) nodes.add(node);
    }
  });
  return nodes;
}

const EXE = encodeUtf8('.exe');

function isExe({ nodeNames, nodeNameStart }: LayerTable, node: number): boolean {
  const end = nodeNameStart[node + 1] as number;
  return (
    end - (nodeNameStart[node] as number) > EXE.length &&
    EXE.every((byte, at) => ((nodeNames[end - 4 + at] as number) | 0x20) === (byte | 0x20))
  );
}
