/** Names of users and groups by number, as the image itself defines them. */
export interface OwnerNames {
  readonly users: ReadonlyMap<number, string>;
  readonly groups: ReadonlyMap<number, string>;
}

export const NO_NAMES: OwnerNames = { users: new Map(), groups: new Map() };

/** Returns the names in `/etc/passwd` or `/etc/group`, by number; if a number has several, the first. */
export function namesById(file: Uint8Array): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const line of new TextDecoder().decode(file).split('\n')) {
    const [name = '', , id = ''] = line.split(':');
    if (name !== '' && /^\d+$/.test(id) && !names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}
