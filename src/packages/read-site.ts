import { asLayerscopeError, formatSize, LayerscopeError } from '#model';
import { parseApkInstalled } from './apk.ts';
import { readCrates } from './binaries/cargo-audit.ts';
import { readPrograms } from './binaries/executable.ts';
import { readGoModules } from './binaries/go-build-info.ts';
import { parseChiselManifest } from './dpkg/chisel.ts';
import { readDpkg, readStatusFolder } from './dpkg/debian.ts';
import { readOpkg } from './dpkg/opkg.ts';
import { readJar } from './jars/jar.ts';
import { parseCondaMeta } from './languages/conda.ts';
import { parseGemspec } from './languages/gem.ts';
import { nixPackage } from './languages/nix.ts';
import { parsePackageJson } from './languages/npm.ts';
import { parseDepsJson } from './languages/nuget.ts';
import { MAX_PATHS, ownedByNames, parsePythonMetadata, parseRecord, pathsFrom, pythonPackage } from './languages/pypi.ts';
import { type FoundPackage, FoundPackages, NO_FILES } from './package.ts';
import { readPacman } from './pacman.ts';
import { nameOf, onePath, parentOf, pathIn } from './path-list.ts';
import { parseAzureManifest, parseAzureNames } from './rpm/azure.ts';
import { rpmPackages } from './rpm/database.ts';
import type { Inflaters, SeenFiles } from './seen-files.ts';
import type { Site } from './site.ts';
import { linesOf, textOf } from './text.ts';

/** Maximum sizes of files that are read whole, in bytes. */
const MAX_DATABASE = 64 * 1024 * 1024;
const MAX_RPM_DATABASE = 96 * 1024 * 1024;
const MAX_DOCUMENT = 4 * 1024 * 1024;
const MAX_LIST = 32 * 1024 * 1024;

/**
 * Reads the packages at a place as seen at a layer; none if the layer doesn't show it. Throws DAMAGED, TOO_LARGE, UNSUPPORTED, BAD_MANIFEST
 * if the content isn't what the name suggests, and the errors of reading files.
 */
export async function readSite(site: Site, seen: SeenFiles, inflaters: Inflaters): Promise<readonly FoundPackage[]> {
  const { kind, path } = site;
  const place = textOf(path);
  switch (kind) {
    case 'dpkg':
      return readDpkg(seen, place);
    case 'status-folder':
      return readStatusFolder(seen, place);
    case 'opkg':
      return readOpkg(seen, place);
    case 'pacman':
      return readPacman(seen, place);
    case 'chisel':
      return readChisel(path, seen, inflaters);
    case 'apk':
      return (await seen.parsed(path, MAX_DATABASE, parseApkInstalled)) ?? [];
    case 'rpm':
      return readRpm(path, seen);
    case 'azure':
      return (await seen.parsed(path, MAX_LIST, place.endsWith('1') ? parseAzureNames : parseAzureManifest)) ?? [];
    case 'nix':
      return seen.names(path).flatMap((name) => nixPackage(place, name) ?? []);
    case 'program':
      return readProgram(path, seen, inflaters);
    case 'jar':
      return readJarFile(path, seen, inflaters);
    default:
      return readDocument(site, seen);
  }
}

/** Reads a document of a language's package manager. A document describes one package, except for NuGet's. */
async function readDocument({ kind, path }: Site, seen: SeenFiles): Promise<readonly FoundPackage[]> {
  if (kind === 'python') return readPython(path, seen);
  const bytes = await seen.bytes(path, kind === 'nuget' || kind === 'conda' ? MAX_LIST : MAX_DOCUMENT);
  if (bytes === null) return [];
  const folder = parentOf(path);
  if (kind === 'nuget') return parseDepsJson(bytes, folder);
  if (kind === 'npm') return list(parsePackageJson(bytes, folder));
  return list(kind === 'gem' ? parseGemspec(bytes, path) : parseCondaMeta(bytes, parentOf(folder)));
}

function list(found: FoundPackage | null): FoundPackage[] {
  return found === null ? [] : [found];
}

async function readChisel(path: Uint8Array, seen: SeenFiles, inflaters: Inflaters): Promise<FoundPackage[]> {
  const bytes = await seen.bytes(path, MAX_LIST);
  if (bytes === null) return [];
  const found = parseChiselManifest(bytes, inflaters);
  if (found === null) throw new LayerscopeError('DAMAGED', 'the manifest does not decompress');
  return found;
}

/**
 * Reads an rpm database. Packages before any damage are kept, and the damage is reported. The database is read whole, because its pages
 * refer to each other in any order; with its log it may take 96 MiB, three times its size in a complete desktop image.
 */
async function readRpm(path: Uint8Array, seen: SeenFiles): Promise<FoundPackage[]> {
  const logPath = textOf(path).endsWith('.sqlite') ? pathIn(parentOf(path), `${textOf(nameOf(path))}-wal`) : null;
  const logBytes = logPath === null ? 0 : (seen.open(logPath)?.size ?? 0);
  const size = (seen.open(path)?.size ?? 0) + logBytes;
  if (size > MAX_RPM_DATABASE)
    throw new LayerscopeError('TOO_LARGE', `the rpm database has ${formatSize(size)}; up to ${formatSize(MAX_RPM_DATABASE)} are read`);
  const bytes = await seen.bytes(path, MAX_RPM_DATABASE);
  if (bytes === null) return [];
  const log = logPath === null || logBytes === 0 ? null : await seen.bytes(logPath, MAX_RPM_DATABASE);
  const found = new FoundPackages();
  try {
    for (const each of rpmPackages(bytes, log)) {
      found.add(each);
      await seen.rest();
    }
  } catch (error) {
    // `report` rethrows a cancellation instead of reporting it.
    seen.report(path, asLayerscopeError(error));
  }
  return found.all;
}

/**
 * Reads the modules and crates of a program. A universal binary contains most of them once for each processor, but they are listed once.
 */
async function readProgram(path: Uint8Array, seen: SeenFiles, inflaters: Inflaters): Promise<FoundPackage[]> {
  const whole = seen.open(path);
  if (whole === null) return [];
  const files = { paths: onePath(path), folders: NO_FILES.folders };
  const found = new Map<string, FoundPackage>();
  for (const { content, executable } of await readPrograms(whole)) {
    const all = [...(await readGoModules(content, executable, files)), ...(await readCrates(content, executable, inflaters, files))];
    // Numbers a module that one program contains more than once, so that only copies in a universal binary's other programs are dropped.
    const here = new Map<string, number>();
    for (const each of all) {
      const name = `${each.type}\0${each.name}\0${each.version}`;
      const count = here.get(name) ?? 0;
      here.set(name, count + 1);
      if (!found.has(`${name}\0${count}`)) found.set(`${name}\0${count}`, each);
    }
  }
  return [...found.values()];
}

async function readJarFile(path: Uint8Array, seen: SeenFiles, inflaters: Inflaters): Promise<FoundPackage[]> {
  const content = seen.open(path);
  if (content === null) return [];
  const files = { paths: onePath(path), folders: NO_FILES.folders };
  return readJar(content, textOf(nameOf(path)), { inflaters, budget: seen.jars, files, rest: seen.rest });
}

async function readPython(path: Uint8Array, seen: SeenFiles): Promise<FoundPackage[]> {
  const fields = await seen.parsed(path, MAX_DOCUMENT, parsePythonMetadata);
  if (fields === null) return [];
  // `NAME.egg-info` may be a file; otherwise the description is a file in a folder with that name.
  const isFile = textOf(nameOf(path)).endsWith('.egg-info');
  const description = isFile ? path : parentOf(path);
  const packages = parentOf(description);
  const record = isFile ? null : await seen.parsed(pathIn(description, 'RECORD'), MAX_LIST, parseRecord);
  if (record !== null) return list(pythonPackage(fields, { paths: pathsFrom(packages, record), folders: NO_FILES.folders }));
  const installed = isFile ? null : await seen.parsed(pathIn(description, 'installed-files.txt'), MAX_LIST, parseLines);
  if (installed !== null) return list(pythonPackage(fields, { paths: pathsFrom(description, installed), folders: onePath(description) }));
  const names = isFile ? null : await seen.parsed(pathIn(description, 'top_level.txt'), MAX_DOCUMENT, parseLines);
  return list(pythonPackage(fields, ownedByNames(packages, description, names ?? [])));
}

function parseLines(bytes: Uint8Array): readonly string[] {
  const lines: string[] = [];
  for (const line of linesOf(textOf(bytes))) {
    if (line !== '') lines.push(line);
    if (lines.length > MAX_PATHS) throw new LayerscopeError('TOO_LARGE', `a package lists more than ${MAX_PATHS} files`);
  }
  return lines;
}
