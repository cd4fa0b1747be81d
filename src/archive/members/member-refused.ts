import { type FindingCode, LayerscopeError } from '#model';

/** Why a name, or the links that it leads through, stand for no file of an archive. */
export type RefusalCode = Extract<FindingCode, 'path-escape' | 'link-outside' | 'link-loop' | 'missing-blob'>;

/** A member that isn't looked up; carries the code of the finding to tell it by. As an error by itself: PATH_ESCAPE, or BLOB_MISSING. */
export class MemberRefused extends LayerscopeError {
  readonly finding: RefusalCode;

  constructor(finding: RefusalCode, message: string) {
    super(finding === 'missing-blob' ? 'BLOB_MISSING' : 'PATH_ESCAPE', message);
    this.finding = finding;
  }
}

/** The code of a finding for what hindered reading a member; `otherwise` for what is a matter neither of names nor of limits. Throws IO. */
export function refusalCode(error: unknown, otherwise: FindingCode): FindingCode {
  if (!(error instanceof LayerscopeError) || error.code === 'IO') throw error;
  // A layer is no document: a sparse one that is too large to lay out is one that can't be read.
  if (error.code === 'TOO_LARGE' && otherwise !== 'layer-unreadable') return 'too-large';
  return error instanceof MemberRefused ? error.finding : otherwise;
}
