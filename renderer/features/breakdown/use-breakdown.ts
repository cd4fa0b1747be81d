import type { BreakdownOf, BreakdownReport, ImageRef } from '#contract';
import { toHex, unescapePath } from '#model';
import { type Answer, useRequest } from '../use-request.ts';

/** Maximum number of folders, and of files, in a breakdown. */
const LISTED = 100;

interface Wanted {
  /** Limits the breakdown to this folder (path as printed by escapePath). */
  readonly folder?: string;
  readonly limit?: number;
  /** If false, nothing is requested. */
  readonly isWanted?: boolean;
}

/** Returns the breakdown of a part of an image. */
export function useBreakdown(
  { archiveId, image }: ImageRef,
  of: BreakdownOf,
  { folder = '', limit = LISTED, isWanted = true }: Wanted = {},
): Answer<BreakdownReport> {
  const pathHex = toHex(unescapePath(folder));
  const key = `${archiveId}/${image}/${Object.values(of).join('/')}/${pathHex}/${limit}`;
  return useRequest(
    isWanted ? key : null,
    (client, signal) => client.call('image.breakdown', { archiveId, image, of, pathHex, limit }, { signal }),
    { remembersAs: 'breakdown' },
  );
}
