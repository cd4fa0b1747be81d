// Compares our calls for whole imports, exports, mounts and removals, including all arguments, with hcsshim 0.15's calls for the same
// layers: fixtures/vectors/hcsshim-whole-layers.txt, made by test/native/hcsshim-layers from ../shared/vectors/hcsshim-layers.json.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { LayerscopeError } from '#model';
import { WindowsDriver } from '../../src/driver/windows/windows-driver.ts';
import type { LayerCase } from '../support/hcsshim-vectors.ts';
import { gather } from '../support/random-chunks.ts';
import { standIn, WindowsBench } from '../support/windows-bench.ts';

const vectors = path.resolve(import.meta.dirname, '..', '..', '..', 'shared', 'vectors', 'hcsshim-layers.json');
const cases = JSON.parse(readFileSync(vectors, 'utf8')) as readonly LayerCase[];
const recorded = readFileSync(path.resolve(import.meta.dirname, '..', 'fixtures', 'vectors', 'hcsshim-whole-layers.txt'), 'utf8');

/** Layers that hcsshim accepts and we refuse: support/hcsshim-vectors.ts has the reasons. */
const REFUSED = ['bare whiteout', 'opaque marker', 'Linux root'];

/** A case's steps and their calls. */
type Steps = [step: string, calls: string[]][];

function stepsIn(text: string): Steps {
  return text
    .split(/^## /m)
    .slice(1)
    .map((part) => {
      const [step = '', ...calls] = part.trimEnd().split('\n');
      // Leaves out GetLayerMountPath, which we call more often: for a layer's chain, as Docker does, and to unmount a volume from its
      // folders.
      return [step, calls.filter((call) => call !== '' && !call.startsWith('GetLayerMountPath'))];
    });
}

async function ourSteps(vector: LayerCase, number: number): Promise<Steps> {
  await using bench = new WindowsBench('windowsfilter');
  const paths = { ...path, toNamespacedPath: (absolute: string) => `\\\\?\\${absolute}` };
  const driver = new WindowsDriver('windowsfilter', bench.home, { ...bench.native, paths });
  const steps: Steps = [];
  const step = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    standIn.log();
    await work();
    const calls = standIn
      .log()
      .filter((line) => !/^(NameToGuid|Backup|GetLayerMountPath)/.test(line))
      .map((line) => line.replaceAll(bench.home, `C:\\layers\\${number}`).replaceAll('/', '\\'))
      .map((line) => line.replace(/(src|dst)="[^"]*"/, '$1="TRANSPORT"'))
      // Our driver renames a layer before it destroys it.
      .map((line) => line.replace('run-removing"', 'run"'));
    steps.push([name, calls]);
  };
  const tars = [...vector.parentTarsBase64, vector.tarBase64];
  for (const [index, text] of tars.entries()) {
    await step('create', () => driver.create(`l${index}`, index === 0 ? null : `l${index - 1}`));
    await step('import', () => driver.applyDiff(`l${index}`, [Buffer.from(text, 'base64')]));
  }
  const top = `l${tars.length - 1}`;
  if (tars.length > 1) await step('export', () => gather(driver.diff(top)));
  await step('scratch', () => driver.createReadWrite('run', top, { sizeBytes: 0 }));
  let unmount: () => Promise<void> = async () => {};
  await step('mount', async () => {
    const mount = await driver.mount('run');
    unmount = async () => mount[Symbol.asyncDispose]();
  });
  await step('unmount', () => unmount());
  await step('export of the scratch layer', () => gather(driver.diff('run')));
  await step('remove', () => driver.remove('run'));
  return steps;
}

describe('whole layers make the same calls as hcsshim, with the same arguments', () => {
  const numbers = new Map(cases.map((vector, number) => [vector.case, number]));
  const texts = recorded.split(/^# /m).slice(1);
  test('the vectors contain enough cases', () => assert.ok(texts.length >= 9));
  for (const text of texts) {
    const name = text.slice(0, text.indexOf('\n'));
    test(name, async () => {
      const number = numbers.get(name) ?? -1;
      const vector = cases[number];
      assert.ok(vector);
      if (REFUSED.some((what) => name.includes(what))) {
        await assert.rejects(ourSteps(vector, number), LayerscopeError);
        return;
      }
      assert.deepEqual(await ourSteps(vector, number), stepsIn(text));
    });
  }
});
