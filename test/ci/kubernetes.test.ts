// What the pods of ci/kubernetes run: each indexes its part of the list, and together they index all of it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { MAIN } from '../cli/run-cli.ts';
import { tableRows } from '../support/catalog.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { file, tar } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

const KUBERNETES = path.join(import.meta.dirname, '..', '..', 'ci', 'kubernetes');
const skip = process.platform !== 'linux' && 'not run: the pods’ script is for Linux';
const PARTS = 3;

/** Writes images and their list. Returns a function that runs `index-part` with arguments; it rejects if the exit code isn't 0. */
function createPlace(t: TestContext, images: number) {
  const folder = testFolder(t);
  const bin = path.join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(path.join(bin, 'layerscope'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
  chmodSync(path.join(bin, 'layerscope'), 0o755);
  // A name with a space, and one that looks like an option.
  const names = Array.from({ length: images }, (_, index) => (index === 0 ? '-a b.tar' : `image-${index}.tar`));
  const base = tar(file('etc/base', 'base'));
  for (const [index, name] of names.entries()) {
    writeFileSync(path.join(folder, name), dockerArchive({ name: `app:${index}`, layers: [base, tar(file('app', `${index}`))] }));
  }
  const list = path.join(folder, 'references');
  writeFileSync(list, `# Ours.\n\n${names.join('\n')}\n`);
  const catalog = path.join(folder, 'catalog');
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH ?? ''}`, LAYERSCOPE_CACHE: path.join(folder, 'cache') };
  return {
    folder,
    list,
    catalog,
    names,
    run: (...args: string[]) => promisify(execFile)(path.join(KUBERNETES, 'index-part'), args, { cwd: folder, env }),
  };
}

test('the parts of a list, indexed at the same time, make a catalog of all its images', { skip }, async (t) => {
  const { folder, list, catalog, names, run } = createPlace(t, 7);
  const parts = await Promise.all(Array.from({ length: PARTS }, (_, part) => run(list, `${part}`, `${PARTS}`, catalog, '--json')));
  const subjects = parts.map(({ stdout }) => (JSON.parse(stdout) as { subjects: number }).subjects);
  assert.equal(
    subjects.reduce((sum, each) => sum + each, 0),
    names.length,
    'no image is in two parts',
  );
  assert.ok(subjects.filter((each) => each > 0).length > 1, 'the work is divided');
  const rows = await tableRows(catalog, 'images');
  assert.deepEqual(rows.map(({ source }) => path.relative(folder, String(source))).sort(), [...names].sort());
  assert.equal((await tableRows(catalog, 'layers')).length, names.length + 1);
});

test('a part without images succeeds; a missing list and an unreadable image are failures', { skip }, async (t) => {
  const { list, catalog, folder, run } = createPlace(t, 1);
  const many = await Promise.all(Array.from({ length: PARTS }, (_, part) => run(list, `${part}`, `${PARTS}`, catalog)));
  assert.ok(many.some(({ stderr }) => stderr.includes(`of ${PARTS} has no images`)));
  await assert.rejects(run(path.join(folder, 'no-list'), '0', '1', catalog), { code: 1 });
  writeFileSync(list, 'none.tar\n');
  // The exit code that the manifests name, so that the pod isn't retried.
  await assert.rejects(run(list, '0', '1', catalog), { code: 3 });
});

interface Container {
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
}

interface Job {
  readonly spec: {
    readonly completions: number;
    readonly template: { readonly spec: { readonly containers: readonly [Container] } };
  };
}

interface Workflow {
  readonly spec: { readonly templates: readonly { readonly name: string; readonly container?: Container }[] };
}

function read<T>(name: string): T {
  return parse(readFileSync(path.join(KUBERNETES, name), 'utf8')) as T;
}

test('the job divides the list into as many parts as it has pods, and the workflow does the same', () => {
  const { spec } = read<Job>('catalog-job.yaml');
  const [job] = spec.template.spec.containers;
  assert.equal(job.env.find(({ name }) => name === 'PARTS')?.value, String(spec.completions));
  const workflow = read<Workflow>('catalog-workflow.yaml').spec.templates.find(({ name }) => name === 'index-part')?.container;
  assert.ok(workflow);
  assert.deepEqual([workflow.image, workflow.command], [job.image, job.command]);
  assert.deepEqual(
    [job, workflow].map(({ args }) => [args.length, args[0], args[3]]),
    [
      [4, '/list/references', '/catalog'],
      [4, '/list/references', '/catalog'],
    ],
  );
});
