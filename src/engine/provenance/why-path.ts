import { lookup, type PathVersion, pathVersions, resolveEntry } from '#changes';
import type { FolderPackages, LayerSource, PackageOwner, PathVersionReport, WhyReport } from '#contract';
import { joinPath } from '#format/path';
import { decodeUtf8, displayPath, entryTypeName, escapePath, formatMode, LayerscopeError, NO_ENTRY, toHex } from '#model';
import type { LoadedImage } from '../image/types.ts';
import { resolveImagePath } from '../read/resolve-path.ts';
import type { ImageProvenance, SourceOf } from './image-provenance.ts';

/**
 * Finds the package that owns a path as seen at a layer; null if none does. If the path is a folder, also finds the packages that own its
 * files.
 */
export type OwnersOf = (
  path: Uint8Array,
  layer: number,
) => Promise<{ readonly owner: PackageOwner | null; readonly inFolder: FolderPackages | null }>;

/**
 * Explains where a path comes from: every layer that added or removed it, and what made these layers. If no layer has an entry for the
 * path, the links in it are followed. `sourceOf` is made by layerSources from the same `provenance`. Throws NOT_FOUND if no layer ever had
 * the path, and what `sourceOf` and `ownersOf` throw.
 */
export async function whyPath(
  loaded: LoadedImage,
  parts: readonly Uint8Array[],
  {
    sourceOf,
    ownersOf,
    provenance,
  }: {
    readonly sourceOf: SourceOf;
    readonly ownersOf: OwnersOf;
    readonly provenance: Pick<ImageProvenance, 'kind'>;
  },
): Promise<WhyReport> {
  const { path, versions } = findVersions(loaded, parts);
  const last = versions.at(-1);
  if (last === undefined) throw new LayerscopeError('NOT_FOUND', `no layer has ${displayPath(path)}`);
  const top = loaded.image.layers.length - 1;
  const { owner, inFolder } = await ownersOf(path, last.kind === 'removed' ? last.layer - 1 : last.layer);
  const reports: PathVersionReport[] = [];
  for (const version of versions) reports.push({ ...versionReport(loaded, version), ...(await sourceOf(version.layer)) });
  return {
    path: escapePath(path),
    ...(decodeUtf8(path) === null ? { pathHex: toHex(path) } : {}),
    shown: lookup(loaded.stack, top, path) !== null,
    layer: last.layer,
    ...(await sourceOf(last.layer)),
    package: owner,
    ...(inFolder === null ? {} : { inFolder }),
    provenance: provenance.kind,
    versions: reports,
  };
}

interface Found {
  readonly path: Uint8Array;
  readonly versions: readonly PathVersion[];
}

function findVersions(loaded: LoadedImage, parts: readonly Uint8Array[]): Found {
  if (parts.length === 0) throw new LayerscopeError('NOT_FOUND', 'the root of the image doesn’t come from a single layer');
  const typed = joinPath(parts);
  const versions = pathVersions(loaded.stack, typed);
  if (versions.length > 0) return { path: typed, versions };
  const top = loaded.image.layers.length - 1;
  const { path, entry } = resolveImagePath(loaded, top, parts, { followLast: false, inAnyLayer: true });
  const behind = pathVersions(loaded.stack, path);
  if (behind.length > 0 || entry === null) return { path, versions: behind };
  // The path is a folder that is only implied by its contents.
  return { path, versions: [{ layer: entry.layer, kind: 'added', size: 0, at: entry }] };
}

function versionReport({ stack }: LoadedImage, { layer, kind, size, at }: PathVersion): Omit<PathVersionReport, keyof LayerSource> {
  if (at === null) return { layer, kind };
  if (at.member === NO_ENTRY) return { layer, kind, type: 'directory', size: 0, mode: formatMode(0o755) };
  const inode = resolveEntry(stack, at) ?? at;
  const table = stack.layers[inode.layer];
  const meta = table?.metas[table.meta[inode.member] as number];
  const type = entryTypeName(stack.layers[at.layer]?.type[at.member] as number);
  return { layer, kind, type, size, mode: formatMode(meta?.mode ?? 0) };
}
