import { type FindingCode, LayerscopeError } from '#model';

/** Why a name, or a link on its way, doesn't lead to a file of the archive. */
export type RefusalCode = Extract<FindingCode, 'path-escape' | 'link-outside' | 'link-loop' | 'missing-blob'>;

/** A member that can't be accessed, with the code of its finding. As an error, its code is PATH_ESCAPE or BLOB_MISSING. */
export class MemberRefused extends LayerscopeError {
  readonly finding: RefusalCode;

  constructor(finding: RefusalCode, message: string) {
    super(finding === 'missing-blob' ? 'BLOB_MISSING' : 'PATH_ESCAPE', message);
    this.finding = finding;
  }
}

/** The finding's code for an error from reading a member; `otherwise` if it is about neither names nor limits. Throws IO. */
export function refusalCode(error: unknown, otherwise: FindingCode): FindingCode {
  if (!(error instanceof LayerscopeError) || error.code === 'IO') throw error;
  // Layers have no size limit as documents do: a sparse one that is too large to expand is just unreadable.
  if (error.code === 'TOO_LARGE' && otherwise !== 'layer-unreadable') return 'too-large';
  return error instanceof MemberRefused ? error.finding : otherwise;
}
