// Reads and sets extended attributes, which Node.js can't, with the programs of the attr package if the system has them. Paths are relative
// to a root. Keys and values are bytes, one per character.
import { spawnSync } from 'node:child_process';
import { withAllOpen } from './access.ts';

export type Attributes = readonly (readonly [name: string, value: string])[];

/** Attributes of the system that stores a file rather than of the file; never part of a layer. Source: umoci, pkg/system and oci/layer. */
const SYSTEM_ATTRIBUTES: ReadonlySet<string> = new Set(['security.selinux', 'system.nfs4_acl', 'btrfs.compression']);
const MAX_TEXT = 1024 * 1024 * 1024;

/** Quotes names as attr's programs do: anything but plain characters as three octal digits. */
function quoted(bytes: string): string {
  return bytes.replace(/[^A-Za-z0-9_./-]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

function unquoted(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/**
 * Sets attributes of entries below a root; for a symlink, its own. No path may go through a link. Returns how many could not be set because
 * the user may not, the file system has none, or the system has no `setfattr`.
 */
export function setAttributes(root: string, entries: readonly { readonly path: string; readonly attributes: Attributes }[]): number {
  let count = 0;
  let text = '';
  for (const { path, attributes } of entries) {
    if (attributes.length === 0) continue;
    text += `# file: ${quoted(path === '' ? '.' : `./${path}`)}\n`;
    for (const [name, value] of attributes) {
      text += `${quoted(Buffer.from(name).toString('latin1'))}=0s${Buffer.from(value, 'latin1').toString('base64')}\n`;
      count++;
    }
    text += '\n';
  }
  if (count === 0) return 0;
  const done = spawnSync('setfattr', ['-h', '--restore=-'], { cwd: root, input: text, encoding: 'latin1', maxBuffer: MAX_TEXT });
  if (done.status === 0) return 0;
  // setfattr prints a line for each failure and continues.
  const failed = done.stderr?.split('\n').filter((line) => line !== '').length ?? 0;
  return done.status === null || failed === 0 ? count : Math.min(failed, count);
}

/**
 * Reads all attributes below a root, by path; null if the system has no `getfattr`. Entries whose modes exclude this user are opened
 * temporarily.
 */
export function readAttributes(root: string): ReadonlyMap<string, Attributes> | null {
  const options = ['-R', '-P', '-h', '-d', '-m', '-', '-e', 'base64', '.'];
  const done = withAllOpen(root, () => spawnSync('getfattr', options, { cwd: root, encoding: 'latin1', maxBuffer: MAX_TEXT }));
  if (done.error !== undefined) return null;
  const found = new Map<string, Attributes>();
  for (const block of done.stdout.split('\n\n')) {
    const [first = '', ...lines] = block.split('\n').filter((line) => line !== '');
    if (!first.startsWith('# file: ')) continue;
    const path = unquoted(first.slice('# file: '.length)).replace(/^\.\/|^\.$/, '');
    const attributes: [string, string][] = [];
    for (const line of lines) {
      // `=` is quoted in names. An empty value has nothing after the name.
      const equals = line.indexOf('=');
      const name = Buffer.from(unquoted(equals < 0 ? line : line.slice(0, equals)), 'latin1').toString();
      const value = equals < 0 ? '' : Buffer.from(line.slice(equals + 1).replace(/^0s/, ''), 'base64').toString('latin1');
      if (!SYSTEM_ATTRIBUTES.has(name)) attributes.push([name, value]);
    }
    if (attributes.length > 0)
      found.set(
        path,
        attributes.sort(([a], [b]) => (a < b ? -1 : 1)),
      );
  }
  return found;
}
