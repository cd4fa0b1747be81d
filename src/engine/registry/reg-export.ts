import { createRegFile, type Hive, type KeyAt, type LayerHive, type RegFile, walkHive, walkView } from '#format/registry-hive';

/** Where hives are in the registry of a running system, by the last name of their path, folded. */
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

/** A piece of a .reg file: UTF-16LE. */
export interface RegPieces {
  readonly pieces: Iterable<Uint8Array>;
  /** Number of keys and values that a .reg file can't hold, once all pieces were taken. */
  leftOut(): number;
}

/** The key under which a hive is in the registry; a hive that isn't known goes below HKEY_LOCAL_MACHINE. `name`: its name or path. */
export function registryPlace(name: string): string {
  const last = name.split(/[\\/]/).at(-1) ?? '';
  const known = PLACES[last.toLowerCase().replace(/_(delta|base)$/, '')];
  return known ?? `${UNKNOWN_PLACE}\\${/^[\w .-]+$/.test(last) ? last : 'Hive'}`;
}

/** A hive as a .reg file: all of it, or the keys at `from` and below. Tombstones of a layered hive become removals. */
export function regOfHive(hive: Hive, place: string, from?: readonly KeyAt[]): RegPieces {
  return regPieces(function* (file) {
    for (const { path, depth, key, values } of walkHive(hive, null, from)) {
      yield file.key({ place, path, depth, values, isRemoved: key.effect === 'tombstone' });
    }
  });
}

/** A view as a .reg file: the key at `from` and those below. */
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
