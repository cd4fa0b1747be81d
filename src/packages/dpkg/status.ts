import { checkCount, withoutZeroEpoch } from '../package.ts';
import { ownText, sizeOf, stanzasOf, textOf } from '../text.ts';

/** A stanza of a status file. */
export interface Stanza {
  readonly name: string;
  readonly version: string;
  readonly arch: string | null;
  /** Third word of Status; `installed` if the stanza has no Status, as in images without dpkg. */
  readonly status: string;
  readonly source: string;
  readonly sourceVersion: string;
  readonly license: string | null;
  readonly statedBytes: number | null;
}

const FIELDS: ReadonlySet<string> = new Set([
  'Package',
  'Version',
  'Architecture',
  'Status',
  'Source',
  'SourceName',
  'License',
  'Installed-Size',
]);
const KIBIBYTE = 1024;

/** Parses dpkg's status file into stanzas, in order, without those that lack a name or version. Throws TOO_LARGE. */
export function parseDpkgStatus(bytes: Uint8Array): readonly Stanza[] {
  return stanzas(bytes, KIBIBYTE);
}

/** Like {@link parseDpkgStatus}, except that opkg states sizes in bytes, and a path to the source in the field Source. */
export function parseOpkgStatus(bytes: Uint8Array): readonly Stanza[] {
  return stanzas(bytes, 1);
}

function stanzas(bytes: Uint8Array, sizeUnit: number): readonly Stanza[] {
  const found: Stanza[] = [];
  for (const fields of stanzasOf(textOf(bytes), FIELDS)) {
    const name = fields.get('Package') ?? '';
    const version = withoutZeroEpoch(fields.get('Version') ?? '');
    if (name === '' || version === '') continue;
    const [, source, sourceVersion] = /^([^\s(]+)(?: *\(([^)]*)\))?/.exec(fields.get('SourceName') ?? fields.get('Source') ?? '') ?? [];
    checkCount(found.length + 1);
    const own = (text: string | undefined): string | null => (text ? ownText(text) : null);
    found.push({
      name: ownText(name),
      version: ownText(version),
      arch: own(fields.get('Architecture')),
      status: own(fields.get('Status')?.split(/\s+/, 3)[2]) ?? 'installed',
      source: ownText(source ?? name),
      sourceVersion: ownText(sourceVersion === undefined ? version : withoutZeroEpoch(sourceVersion)),
      license: own(fields.get('License')),
      statedBytes: sizeOf(fields.get('Installed-Size'), sizeUnit),
    });
  }
  return found;
}
