import type { BreakdownOf, BreakdownReport, ImageRef } from '#contract';
import { toHex, unescapePath } from '#model';
import { type Answer, useRequest } from '../use-request.ts';

/** Number of folders, and of files, that a breakdown lists. */
const LISTED = 100;

/** The breakdown of a part of an image, or only of a `folder` in it (path as printed by escapePath). */
export function useBreakdown({ archiveId, image }: ImageRef, of: BreakdownOf, folder = ''): Answer<BreakdownReport> {
  const pathHex = toHex(unescapePath(folder));
  return useRequest(`${archiveId}/${image}/${Object.values(of).join('/')}/${pathHex}`, (client, signal) =>
    client.call('image.breakdown', { archiveId, image, of, pathHex, limit: LISTED }, { signal }),
  );
}
