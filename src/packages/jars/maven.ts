import { linesOf, textOf } from '../text.ts';

/** A Maven artifact. */
export interface Artifact {
  readonly group: string;
  readonly name: string;
  readonly version: string;
}

/** Parses a `pom.properties`; null unless it has all three properties. */
export function parsePomProperties(bytes: Uint8Array): Artifact | null {
  const values = new Map<string, string>();
  for (const line of linesOf(textOf(bytes))) {
    const equals = line.indexOf('=');
    if (equals > 0 && !line.startsWith('#')) values.set(line.slice(0, equals).trim(), line.slice(equals + 1).trim());
  }
  const [group, name, version] = ['groupId', 'artifactId', 'version'].map((key) => values.get(key) ?? '');
  return group && name && version ? { group, name, version } : null;
}

const WANTED: ReadonlySet<string> = new Set([
  'implementation-title',
  'implementation-vendor-id',
  'implementation-version',
  'bundle-symbolicname',
  'bundle-version',
]);

/**
 * Parses the main attributes of a manifest that say what the jar is, by lower-case name. A line that begins with a space continues the one
 * before.
 */
export function parseJarManifest(bytes: Uint8Array): ReadonlyMap<string, string> {
  const pieces = new Map<string, string[]>();
  let last: string[] | null = null;
  for (const line of linesOf(textOf(bytes))) {
    if (line === '') break;
    if (line.startsWith(' ')) {
      last?.push(line.slice(1));
      continue;
    }
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    last = WANTED.has(name) ? [line.slice(colon + 1).trimStart()] : null;
    if (last !== null) pieces.set(name, last);
  }
  return new Map([...pieces].map(([name, texts]) => [name, texts.join('').trim()]));
}

/** Returns the artifact that a manifest and a file name describe; null if neither has a version. */
export function artifactOf(manifest: ReadonlyMap<string, string>, fileName: string): Artifact | null {
  const stem = fileName.replace(/\.\w{1,8}$/, '');
  const dash = stem.search(/-\d/);
  const symbolic = manifest.get('bundle-symbolicname')?.split(';')[0]?.trim() ?? '';
  const version = manifest.get('implementation-version') || manifest.get('bundle-version') || (dash > 0 ? stem.slice(dash + 1) : '');
  // A title is often free text. In that case the file name is closer to the artifact's name.
  const title = manifest.get('implementation-title') ?? '';
  const name = dash > 0 ? stem.slice(0, dash) : /^[\w.-]+$/.test(title) ? title : stem;
  if (version === '' || name === '') return null;
  const group = manifest.get('implementation-vendor-id') || (symbolic.includes('.') ? symbolic.slice(0, symbolic.lastIndexOf('.')) : '');
  return { group, name, version };
}
