import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { tryTool } from '../support/tools.ts';
import { testFolder } from '../support/workbench.ts';
import { sparkPython } from './cluster.ts';

const KUBERNETES = path.join(import.meta.dirname, '..', '..', 'ci', 'kubernetes');
const FAULTS = [
  ['parallelism: 4', 'parallel: 4'],
  ['readOnlyRootFilesystem: true', 'readOnlyRootFilesystem: maybe'],
  ['mountPath: /tmp', 'mountpath: /tmp'],
] as const;
const MANIFESTS = ['catalog-job.yaml', 'catalog-workflow.yaml'];

/** Returns the validator's lines: a file's name, and what is wrong in it. */
function problems(files: readonly string[]): string[] {
  const { code, stdout, stderr } = tryTool(sparkPython(), [path.join(import.meta.dirname, 'validate_manifests.py'), ...files]);
  assert.ok(code === 0 || code === 1, stderr);
  return stdout.toString().split('\n').filter(Boolean);
}

test('the manifests are valid according to the schemas of Kubernetes and Argo Workflows, which notice wrong fields and types', (t) => {
  const folder = testFolder(t);
  const faulty = MANIFESTS.flatMap((name) => {
    const text = readFileSync(path.join(KUBERNETES, name), 'utf8');
    return FAULTS.map(([right, wrong], index) => {
      assert.ok(text.includes(right), right);
      const file = path.join(folder, `${index}-${name}`);
      writeFileSync(file, text.replace(right, wrong));
      return file;
    });
  });
  const found = problems([...MANIFESTS.map((name) => path.join(KUBERNETES, name)), ...faulty]);
  assert.deepEqual(new Set(found.map((line) => line.split(':')[0])), new Set(faulty.map((file) => path.basename(file))), found.join('\n'));
});
