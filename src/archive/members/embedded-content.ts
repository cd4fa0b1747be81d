import type { Descriptor } from '#format/image';
import type { FindingCode } from '#model';
import { algorithmOf, Digester } from '../blob/digest.ts';
import { blobName } from './member-store.ts';
import type { OverlayMembers } from './overlay-members.ts';

/**
 * Content embedded in a descriptor's `data` field. It replaces a blob that the archive lacks, after its size and digest have been verified.
 * Source: OCI image-spec descriptor.md, Embedded Content.
 */
export class EmbeddedContent {
  readonly #store: OverlayMembers;
  readonly #report: (code: FindingCode, message: string) => void;

  constructor(store: OverlayMembers, report: (code: FindingCode, message: string) => void) {
    this.#store = store;
    this.#report = report;
  }

  /** Adds the descriptor's embedded content as a member if the archive lacks the blob. Throws IO. */
  take({ digest, data, size }: Descriptor, what: string): void {
    if (data === null || digest === '' || this.#isThere(blobName(digest))) return;
    const bytes = new Uint8Array(Buffer.from(data, 'base64'));
    const digester = new Digester(algorithmOf(digest));
    digester.update(bytes);
    const measured = digester.finish();
    if (measured !== digest) this.#report('digest-mismatch', `the embedded data of ${what} ${digest}: its content hashes to ${measured}`);
    else if (size !== null && size !== bytes.length)
      this.#report('size-mismatch', `the embedded data of ${what} ${digest} has ${bytes.length} bytes, but its descriptor says ${size}`);
    else this.#store.add(blobName(digest), bytes);
  }

  #isThere(name: string): boolean {
    try {
      return this.#store.find(name) !== null;
    } catch {
      // The link was refused. That is reported when the blob is read, unless there is embedded content.
      return false;
    }
  }
}
