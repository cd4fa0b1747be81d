// Images in ../shared/meaning/findings, made from 20 seeds, with the findings expected for them.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadImage } from '#engine';
import { SameContents } from '#findings/waste';
import { type Finding, TYPE } from '#model';
import { runTool } from '../support/tools.ts';
import { testFolder, testReader } from '../support/workbench.ts';

const MAKE = path.resolve(import.meta.dirname, '../../../shared/meaning/findings/make.py');
const SEEDS = Array.from({ length: 20 }, (_, at) => at + 1);

type Wanted = Partial<Finding>;

/** Returns all of an image's findings, including those that need its files' digests. */
async function findingsOf(t: TestContext, file: string): Promise<readonly Finding[]> {
  const reader = testReader(t);
  await using archive = await reader.open(file);
  const loaded = await loadImage(reader, archive, 0);
  const contents = new SameContents(loaded.stack);
  for (const [layer, indexed] of loaded.layers.entries()) {
    const source = archive.images[0]?.layers[layer];
    if (indexed === null || source === undefined) continue;
    const { type, size, memberCount } = indexed.table;
    for (let row = 0; row < memberCount; row++) {
      if (type[row] !== TYPE.file) continue;
      const hash = createHash('sha256');
      for await (const piece of reader.readBody(source, indexed, row)) hash.update(piece);
      contents.add({ layer, row, digest: hash.digest('hex'), size: size[row] as number });
    }
  }
  return [...loaded.findings, ...contents.findings()].filter(({ code }) => /^(?:waste|mode)-/.test(code));
}

for (const seed of SEEDS) {
  test(`seed ${seed}: exactly the expected findings are reported, each once`, async (t) => {
    const folder = testFolder(t);
    runTool('python3', ['-B', MAKE, folder, String(seed)]);
    const { find, not } = JSON.parse(readFileSync(path.join(folder, 'expected.json'), 'utf8')).waste as { find: Wanted[]; not: Wanted[] };
    const findings = await findingsOf(t, path.join(folder, 'waste.tar.gz'));
    const key = ({ code, layer, path: where }: Wanted): string => `${layer} ${code} ${where}`;
    assert.deepEqual(findings.map(key).sort(), find.map(key).sort());
    for (const wanted of find) {
      const got = findings.find((finding) => key(finding) === key(wanted)) as Finding;
      assert.deepEqual({ ...got, ...wanted }, got);
    }
    for (const { path: where } of not) assert.ok(!findings.some((finding) => finding.path === where), where);
  });
}
