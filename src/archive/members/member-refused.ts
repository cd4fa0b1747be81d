import { type FindingCode, LayerscopeError } from '#model';

/** Why a name, or a link on its path, doesn't lead to a file of the archive. */
export type RefusalCode = Extract<FindingCode, 'path-escape' | 'link-outside' | 'link-loop' | 'missing-blob'>;

/** A member that can't be accessed, with the code of its finding. As an error, its code is PATH_ESCAPE or BLOB_MISSING. */
export class MemberRefused extends LayerscopeError {
  readonly finding: RefusalCode;

  constructor(finding: RefusalCode, message: string) {
    super(finding === 'missing-blob' ? 'BLOB_MISSING' : 'PATH_ESCAPE', message);
    this.finding = finding;
  }
}

/** Returns the finding code for an error from reading a member; `otherwise` if the error concerns neither names nor limits. Throws IO. */
export function refusalCode(error: unknown, otherwise: FindingCode): FindingCode {
  if (!(error instanceof LayerscopeError) || error.code === 'IO') throw error;
  // Unlike documents, layers have no size limit: a sparse layer that is too large to expand is merely unreadable.
  if (error.code === 'TOO_LARGE' && otherwise !== 'layer-unreadable') return 'too-large';
  return error instanceof MemberRefused ? error.finding : otherwise;
}
