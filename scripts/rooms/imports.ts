import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSync, Visitor } from 'vite';

/** One import in one file, as written. */
export interface Import {
  readonly file: string;
  /** The quoted text: `./x.ts`, `#model`, `node:fs`, `react`. */
  readonly wanted: string;
  /** Path of the imported file in the repository; null for packages and Node modules. */
  readonly target: string | null;
  readonly isType: boolean;
}

interface Found {
  readonly wanted: string;
  readonly isType: boolean;
}

/**
 * Finds imports, re-exports, `import()`, and `import('…')` in types. An import that leaves no trace in JavaScript counts as a type import.
 */
export function findImports(file: string, text: string): Found[] {
  const { module, program, errors } = parseSync(file, text);
  if (errors[0] !== undefined) throw new Error(`${file}: ${errors[0].message}`);
  const found: Found[] = module.staticImports.map(({ moduleRequest, entries }) => ({
    wanted: moduleRequest.value,
    isType: entries.length > 0 && entries.every(({ isType }) => isType),
  }));
  for (const { entries } of module.staticExports)
    for (const { moduleRequest, isType } of entries) if (moduleRequest) found.push({ wanted: moduleRequest.value, isType });
  new Visitor({
    ImportExpression: ({ source }) => {
      if (source.type === 'Literal' && typeof source.value === 'string') found.push({ wanted: source.value, isType: false });
    },
    TSImportType: ({ source }) => {
      found.push({ wanted: source.value, isType: true });
    },
  }).visit(program);
  return found;
}

/** Returns every import in the repository's TypeScript. `doors`: package.json's `imports`. */
export function readImports(root: string, folders: readonly string[], doors: Readonly<Record<string, string>>): Import[] {
  const files = globSync(
    folders.map((folder) => `${folder}/**/*.{ts,tsx}`),
    { cwd: root },
  ).map((file) => file.replaceAll('\\', '/'));
  return files
    .filter((file) => !file.endsWith('.d.ts'))
    .flatMap((file) =>
      findImports(file, readFileSync(path.join(root, file), 'utf8')).map((found) => ({
        file,
        ...found,
        target: resolve(file, found.wanted, doors),
      })),
    );
}

function resolve(file: string, wanted: string, doors: Readonly<Record<string, string>>): string | null {
  if (wanted.startsWith('.')) return path.posix.join(path.posix.dirname(file), wanted).replace(/\?.*$/, '');
  if (wanted.startsWith('#')) return doors[wanted]?.replace(/^\.\//, '') ?? wanted;
  return null;
}
