import { normalizedName } from '#packages';

/** What distinguishes packages, apart from location and version. */
interface Named {
  readonly type: string;
  readonly name: string;
  readonly arch: string | null;
}

/**
 * Identifies packages by type, name, architecture and location. Each location is replaced by a number, because it may be long and shared by
 * many packages.
 */
export class Identities {
  readonly #locations = new Map<string, number>();

  of({ type, name, arch }: Named, location: string): string {
    let number = this.#locations.get(location);
    if (number === undefined) {
      number = this.#locations.size;
      this.#locations.set(location, number);
    }
    return [type, type === 'pypi' ? normalizedName(name) : name, arch ?? '', number].join('\0');
  }
}
