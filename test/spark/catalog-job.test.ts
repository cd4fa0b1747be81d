// The Spark job on a real cluster, with images in a real registry. Even if a worker dies, the job writes what one process writes, and
// answers as DuckDB does.
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { readQuestions, TABLE_NAMES } from '#catalog';
import { MAIN } from '../cli/run-cli.ts';
import { fleetOf } from '../support/catalog.ts';
import { runCommand } from '../support/command-line.ts';
import { pushImage, startRegistry } from '../support/docker-registry.ts';
import { Files } from '../support/image-builder.ts';
import { until } from '../support/waiting.ts';
import { testFolder } from '../support/workbench.ts';
import { startCluster } from './cluster.ts';
import { fleet } from './fleet.ts';

const root = path.join(import.meta.dirname, '..', '..');
const JOB = path.join(root, 'ci', 'spark', 'catalog_job.py');
const QUESTIONS = readQuestions(path.join(root, 'src', 'catalog', 'questions')).map(({ name }) => name);

/** How long the whole job may take on a busy machine. */
const MINUTES = 5;

/** Pushes the fleet; returns its references. */
async function pushFleet(host: string): Promise<string[]> {
  const files = new Files();
  const images = fleet();
  for (const [index, image] of fleetOf(files, images).entries()) await pushImage(host, images[index]?.name ?? '', files, image);
  return images.map(({ name }) => `${host}/${name}`);
}

/**
 * Writes a command `layerscope` that hangs when it is first asked to index `reference`, after indexing only that image. `stopped`: the file
 * that then contains its process id.
 */
function stoppingCommand(t: TestContext, reference: string): { readonly program: string; readonly stopped: string } {
  const folder = testFolder(t);
  const program = path.join(folder, 'layerscope');
  const stopped = path.join(folder, 'stopped', 'pid');
  writeFileSync(
    program,
    `#!/bin/bash
set -euo pipefail
if [[ "$1" = catalog && " $* " = *" ${reference} "* ]] && mkdir '${path.dirname(stopped)}' 2>/dev/null; then
  before=()
  for word in "$@"; do before+=("$word"); [ "$word" != -- ] || break; done
  '${process.execPath}' '${MAIN}' "\${before[@]}" '${reference}' >/dev/null
  echo $$ >'${stopped}.new'
  mv '${stopped}.new' '${stopped}'
  exec sleep infinity
fi
exec '${process.execPath}' '${MAIN}' "$@"
`,
  );
  chmodSync(program, 0o755);
  return { program, stopped };
}

/** Returns the names of a catalog’s files, including unfinished ones. The names identify the contents. */
function filesOf(folder: string): string[] {
  return TABLE_NAMES.flatMap((table) => readdirSync(path.join(folder, table)).map((name) => `${table}/${name}`)).sort();
}

function without(files: readonly string[], others: readonly string[]): string[] {
  return files.filter((file) => !others.includes(file));
}

async function ask(folder: string, [name = '', ...parameters]: readonly string[]): Promise<string> {
  const values = parameters.flatMap((each) => ['--param', each]);
  const { code, stdout, stderr } = await runCommand(['catalog', 'query', '--from', folder, '--named', name, '--json', ...values]);
  assert.equal(code, 0, stderr);
  return stdout;
}

test('a cluster that loses a worker makes the catalog that one process makes, and answers every question as DuckDB does', async (t) => {
  const [host, cluster] = await Promise.all([startRegistry(t), startCluster(t)]);
  const images = await pushFleet(host);
  const references = [...images, `${host}/none:1`, path.join(testFolder(t), 'none.tar')];
  const layers = new Set(fleet().flatMap((image) => image.layers.map(({ tar }) => tar)));
  const list = path.join(testFolder(t), 'references');
  writeFileSync(list, `# The fleet.\n${references.join('\n')}\n`);

  const alone = path.join(testFolder(t), 'alone');
  assert.equal((await runCommand(['catalog', 'index', '--to', alone, ...references])).code, 3);
  const content = /"content":"(\w+)"/.exec(await ask(alone, ['who-has-path', 'path=srv/copy']))?.[1];
  const parameters: Readonly<Record<string, readonly string[]>> = {
    growth: [`repository=${host}/auth`],
    'who-has-content': [`content=${content}`],
    'who-has-package': ['name=%'],
    'who-has-path': ['path=/etc/release'],
  };
  const questions = QUESTIONS.map((name) => [name, ...(parameters[name] ?? [])]);

  // With the same key for checksums, the two catalogs' contents can be compared.
  const together = path.join(testFolder(t), 'together');
  mkdirSync(together);
  copyFileSync(path.join(alone, 'catalog.json'), path.join(together, 'catalog.json'));
  // This image shares its lower layers with others, so that it is indexed after some of them are done.
  const { program, stopped } = stoppingCommand(t, `${host}/hooks:4`);
  const asked = questions.flatMap((question) => ['--ask', ...question]);
  const running = cluster.submit(JOB, ['--references', list, '--to', together, '--layerscope', program, ...asked]);
  await Promise.race([running, until(() => existsSync(stopped), 'a task has stopped half-way', MINUTES)]);
  if (existsSync(stopped)) cluster.killWorkerOf(Number(readFileSync(stopped, 'utf8')));
  const { code, output } = await running;
  assert.ok(existsSync(stopped), output);

  // Two of the references have no image.
  assert.equal(code, 3, output);
  const done = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as {
    indexed: { images: number; newLayers: number; failed: number };
    waves: { images: number }[];
    answers: Record<string, number>;
    seconds: Record<string, number>;
  };
  t.diagnostic(JSON.stringify({ waves: done.waves, seconds: done.seconds }));
  assert.equal(done.indexed.failed, 2);
  assert.equal(done.indexed.images, images.length);
  // No layer was made twice. One was made by the lost task, which could not report it.
  assert.equal(done.indexed.newLayers, layers.size - 1);
  const [made, expected] = [filesOf(together), filesOf(alone)];
  assert.deepEqual([without(made, expected), without(expected, made)], [[], []], 'files that only one of them has');
  for (const question of questions) {
    const [name = ''] = question;
    const answer = readFileSync(path.join(together, 'answers', `${name}.jsonl`), 'utf8');
    assert.equal(answer, await ask(together, question), name);
    assert.equal(answer, await ask(alone, question), `${name}, compared with the catalog from one process`);
    assert.notEqual(answer, '', `${name} has an answer`);
    assert.equal(answer.split('\n').length - 1, done.answers[name]);
  }
});
