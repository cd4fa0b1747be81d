import { normalizedName } from '#packages';

/** What tells packages apart, whatever their version. */
interface Named {
  readonly type: string;
  readonly name: string;
  readonly arch: string | null;
}

/** Names packages by type, name, architecture and location. A location may be long and hold many packages, so it has a number. */
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
