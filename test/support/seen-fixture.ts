import { asLayerscopeError, type LayerscopeError } from '#model';
import { type FoundPackage, JarBudget, type SeenFiles } from '#packages';
import { pathsOf } from '../../src/packages/path-list.ts';
import { contentOf } from '../../src/packages/seen-files.ts';
import { latin1, utf8 } from './tar-builder.ts';

/** Decodes as Latin-1, so that a path of any bytes can be a key. */
function keyOf(path: string | Uint8Array): string {
  return String.fromCharCode(...(typeof path === 'string' ? utf8(path) : path));
}

/** Makes the files that a reader of packages sees, from contents by path. `problems` collects what the reader reports. */
export function seenFiles(
  files: Readonly<Record<string, string | Uint8Array>>,
  problems: { readonly path: string; readonly error: LayerscopeError }[] = [],
): SeenFiles {
  const bodies = new Map(Object.entries(files).map(([path, body]) => [keyOf(path), typeof body === 'string' ? utf8(body) : body]));
  const report = (path: string | Uint8Array, error: LayerscopeError): void => {
    problems.push({ path: keyOf(path), error });
  };
  const seen: SeenFiles = {
    jars: new JarBudget(),
    rest: async () => {},
    names(folder) {
      const start = `${keyOf(folder)}/`;
      return [
        ...new Set(
          [...bodies.keys()].flatMap((path) => (path.startsWith(start) ? [path.slice(start.length).split('/')[0] as string] : [])),
        ),
      ];
    },
    has: (path) => bodies.has(keyOf(path)),
    async parsed(path, _, parse) {
      const body = bodies.get(keyOf(path));
      if (body === undefined) return null;
      try {
        return parse(body);
      } catch (error) {
        report(path, asLayerscopeError(error));
        return null;
      }
    },
    bytes: async (path) => bodies.get(keyOf(path)) ?? null,
    report,
    open(path) {
      const body = bodies.get(keyOf(path));
      return body === undefined ? null : contentOf(body);
    },
  };
  return seen;
}

export function listed(list: Uint8Array): string[] {
  return Array.from(pathsOf(list), (path) => String.fromCharCode(...path));
}

/** Returns a package's facts, and the paths and folders that it owns, as Latin-1. Null fields and empty lists are left out. */
export function told({ files, ...facts }: FoundPackage): Record<string, unknown> {
  const known = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null));
  const [paths, folders] = [listed(files.paths), listed(files.folders)];
  return { ...known, ...(paths.length === 0 ? {} : { paths }), ...(folders.length === 0 ? {} : { folders }) };
}

export { latin1, utf8 };
