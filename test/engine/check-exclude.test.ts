import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadImage, withoutExcluded } from '#engine';
import { hasCode } from '../support/asserts.ts';
import { directory, file, tar } from '../support/tar-builder.ts';
import { testFile, testReader } from '../support/workbench.ts';

test('an aborted signal stops the matching of patterns', async (t) => {
  const reader = testReader(t);
  const members = Array.from({ length: 3000 }, (_, at) => file(`d/${at}`, 'x'));
  await using archive = await reader.open(testFile(t, tar(directory('d/'), ...members), 'layer.tar'));
  const loaded = await loadImage(reader, archive, 0);
  await assert.rejects(withoutExcluded(loaded, [], ['**/1*'], AbortSignal.abort()), hasCode('CANCELLED'));
  const { excludedBytes, report } = await withoutExcluded(loaded, [], ['d/1*']);
  assert.equal(excludedBytes, Array.from({ length: 3000 }, (_, at) => at).filter((at) => String(at).startsWith('1')).length);
  assert.equal(report.totals.fileBytes, 3000 - excludedBytes);
});
