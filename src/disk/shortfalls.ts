// Counts what wasn't preserved, because the file system or the user's rights don't allow it or because it wasn't requested. Counts by kind,
// and lists the first entries of each.
import { displayPath, type Finding, finding, formatCount } from '#model';

/** Message for an entry, by kind. */
const SENTENCES = {
  device: 'a device, left out',
  owner: 'its owner could not be preserved',
  mode: 'its mode could not be preserved',
  setId: 'its set-user-ID and set-group-ID bits were left out',
  capabilities: 'its file capabilities were left out',
  overlay: 'its attributes for overlayfs were left out',
  time: 'this file system cannot store its time',
  link: 'it is a copy, because this file system doesn’t allow more hard links',
} as const;

export type Shortfall = keyof typeof SENTENCES;

/** Maximum number of entries listed per kind. */
const MAX_NAMED = 5;

export class Shortfalls {
  readonly #byKind = new Map<Shortfall, { readonly named: Uint8Array[]; count: number }>();
  #attributes = 0;
  #foreignOwners = 0;

  /** Counts an entry. `path` is raw, below the root; empty for the root itself. */
  note(kind: Shortfall, path: Uint8Array): void {
    let found = this.#byKind.get(kind);
    if (found === undefined) {
      found = { named: [], count: 0 };
      this.#byKind.set(kind, found);
    }
    found.count++;
    if (found.named.length < MAX_NAMED) found.named.push(path);
  }

  noteAttributes(count: number): void {
    this.#attributes += count;
  }

  /**
   * Counts an entry whose owner couldn't be set because this user isn't allowed to give files away. Doesn't list the entry, because this is
   * normal for everyone but root.
   */
  noteForeignOwner(): void {
    this.#foreignOwners++;
  }

  findings(): Finding[] {
    const findings: Finding[] = [];
    for (const [kind, { named, count }] of this.#byKind) {
      const shown = count > MAX_NAMED ? named.slice(0, 1) : named;
      const others = count - shown.length;
      const more = others === 0 ? '' : `; the same goes for ${formatCount(others)} others`;
      for (const path of shown)
        findings.push(finding(kind === 'device' ? 'not-made' : 'not-kept', SENTENCES[kind] + more, { path: displayPath(path) || '.' }));
    }
    if (this.#foreignOwners > 0) {
      const entries = this.#foreignOwners === 1 ? 'an entry' : `${formatCount(this.#foreignOwners)} entries`;
      findings.push(finding('not-kept', `the owner of ${entries} could not be preserved: only root can change owners`));
    }
    const count = this.#attributes;
    if (count === 1) findings.push(finding('not-kept', 'an extended attribute could not be set'));
    else if (count > 1) findings.push(finding('not-kept', `${formatCount(count)} extended attributes could not be set`));
    return findings;
  }
}
