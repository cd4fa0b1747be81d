import { createRegFile, type Hive, type KeyAt, type LayerHive, type RegFile, walkHive, walkView } from '#format/registry-hive';

/** Where hives are mounted in the registry of a running system, by the last component of their path, folded. */
const PLACES: Readonly<Record<string, string>> = {
  system: 'HKEY_LOCAL_MACHINE\\SYSTEM',
  software: 'HKEY_LOCAL_MACHINE\\SOFTWARE',
  sam: 'HKEY_LOCAL_MACHINE\\SAM',
  security: 'HKEY_LOCAL_MACHINE\\SECURITY',
  default: 'HKEY_USERS\\.DEFAULT',
  defaultuser: 'HKEY_USERS\\.DEFAULT',
  'ntuser.dat': 'HKEY_CURRENT_USER',
  'usrclass.dat': 'HKEY_CURRENT_USER\\Software\\Classes',
  components: 'HKEY_LOCAL_MACHINE\\COMPONENTS',
  bcd: 'HKEY_LOCAL_MACHINE\\BCD00000000',
};
const UNKNOWN_PLACE = 'HKEY_LOCAL_MACHINE';

/** The pieces of a .reg file in UTF-16LE. */
export interface RegPieces {
  readonly pieces: Iterable<Uint8Array>;
  /** Returns the number of keys and values that a .reg file can't hold; complete once all pieces have been taken. */
  leftOut(): number;
}

/**
 * Returns the key under which a hive is mounted in the registry; an unknown hive gets a key below HKEY_LOCAL_MACHINE. `name` is the hive's
 * name or path.
 */
export function registryPlace(name: string): string {
  const last = name.split(/[\\/]/).at(-1) ?? '';
  const known = PLACES[last.toLowerCase().replace(/_(delta|base)$/, '')];
  return known ?? `${UNKNOWN_PLACE}\\${/^[\w .-]+$/.test(last) ? last : 'Hive'}`;
}

/** Formats a hive as a .reg file: all of it, or the keys at `from` and those below. Tombstones of a layered hive become removals. */
export function regOfHive(hive: Hive, place: string, from?: readonly KeyAt[]): RegPieces {
  return regPieces(function* (file) {
    for (const { path, depth, key, values } of walkHive(hive, null, from)) {
      yield file.key({ place, path, depth, values, isRemoved: key.effect === 'tombstone' });
    }
  });
}

/** Formats a view as a .reg file: the key at `from` and those below. */
export function regOfView(view: readonly LayerHive[], place: string, from: string): RegPieces {
  return regPieces(function* (file) {
    for (const { path, depth, key } of walkView(view, from)) yield file.key({ place, path, depth, values: key.values });
  });
}

function regPieces(keys: (file: RegFile) => Iterable<string>): RegPieces {
  const file = createRegFile();
  return {
    pieces: (function* () {
      yield utf16(file.header);
      for (const text of keys(file)) yield utf16(text);
    })(),
    leftOut: () => file.leftOut,
  };
}

function utf16(text: string): Uint8Array {
  return Buffer.from(text, 'utf16le');
}
