import type { Descriptor } from '#format/image';
import type { FindingCode } from '#model';
import { algorithmOf, Digester } from '../blob/digest.ts';
import { blobName } from './member-store.ts';
import type { OverlayMembers } from './overlay-members.ts';

/**
 * Content that a descriptor carries with it, in `data`: stands in for a blob that the archive doesn't have, once size and digest are checked.
 * Source: OCI image-spec descriptor.md, Embedded Content.
 */
export class EmbeddedContent {
  readonly #store: OverlayMembers;
  readonly #tell: (code: FindingCode, message: string) => void;

  constructor(store: OverlayMembers, tell: (code: FindingCode, message: string) => void) {
    this.#store = store;
    this.#tell = tell;
  }

  /** Throws IO. */
  take({ digest, data, size }: Descriptor, what: string): void {
    if (data === null || digest === '' || this.#isThere(blobName(digest))) return;
    const bytes = new Uint8Array(Buffer.from(data, 'base64'));
    const digester = new Digester(algorithmOf(digest));
    digester.update(bytes);
    const measured = digester.finish();
    if (measured !== digest) this.#tell('digest-mismatch', `the embedded data of ${what} ${digest}: its content is ${measured}`);
    else if (size !== null && size !== bytes.length)
      this.#tell('size-mismatch', `the embedded data of ${what} ${digest} has ${bytes.length} bytes, its descriptor says ${size}`);
    else this.#store.add(blobName(digest), bytes);
  }

  #isThere(name: string): boolean {
    try {
      return this.#store.find(name) !== null;
    } catch {
      // A link that leads elsewhere: who reads the blob tells, unless there is embedded data.
      return false;
    }
  }
}
