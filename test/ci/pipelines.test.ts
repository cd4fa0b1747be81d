// The action and the job for pipelines: their files have the form that GitHub and GitLab expect, and their steps do what they say.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse } from 'yaml';
import { MAIN } from '../cli/run-cli.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { file, tar } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

const CI = path.join(import.meta.dirname, '..', '..', 'ci');
const BASE = dockerArchive({ name: 'app:1', layers: [tar(file('a', 'x'))] });
const IMAGE = dockerArchive({ name: 'app:2', layers: [tar(file('a', 'x')), tar(file('var/log/b', 'y'.repeat(100)))] });
const skip = process.platform === 'win32' && 'not run: the steps are for bash';

interface Place {
  readonly folder: string;
  /** Runs bash in the folder, with the programs in the folder `bin` first on the PATH. */
  bash(script: string, env: Record<string, string>): { readonly code: number | null; readonly stderr: string };
  read(name: string): string;
  /** Writes an executable bash script to `bin`. */
  program(name: string, script: string): void;
}

function createPlace(t: TestContext): Place {
  const folder = testFolder(t);
  const bin = path.join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(path.join(folder, 'base.tar'), BASE);
  writeFileSync(path.join(folder, 'app.tar'), IMAGE);
  const program = (name: string, script: string): void => {
    writeFileSync(path.join(bin, name), `#!/bin/bash\n${script}\n`);
    chmodSync(path.join(bin, name), 0o755);
  };
  program('layerscope', `exec '${process.execPath}' '${MAIN}' "$@"`);
  return {
    folder,
    program,
    bash(script, env) {
      const all = { PATH: `${bin}:${process.env.PATH ?? ''}`, HOME: folder, LAYERSCOPE_CACHE: path.join(folder, 'cache'), ...env };
      const { status, stderr } = spawnSync('bash', ['-eo', 'pipefail', '-c', script], { cwd: folder, env: all, encoding: 'utf8' });
      return { code: status, stderr };
    },
    read: (name) => readFileSync(path.join(folder, name), 'utf8'),
  };
}

interface Step {
  readonly id?: string;
  readonly if?: string;
  readonly shell?: string;
  readonly run?: string;
  readonly uses?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, string>>;
}

interface Action {
  readonly name: string;
  readonly description: string;
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly required?: boolean; readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, { readonly description: string; readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

const action = parse(readFileSync(path.join(CI, 'github', 'action.yml'), 'utf8')) as Action;

test('the action has the form of a composite action, and names only its own inputs and steps', () => {
  assert.deepEqual(Object.keys(action), ['name', 'description', 'inputs', 'outputs', 'runs']);
  assert.equal(action.runs.using, 'composite');
  for (const input of Object.values(action.inputs)) {
    assert.ok(input.description.length > 0);
    assert.ok(input.required === true || typeof input.default === 'string', 'an optional input has a default, as a string');
  }
  for (const step of action.runs.steps) {
    assert.equal(step.run === undefined, step.uses !== undefined);
    // A composite action's steps must name their shell.
    assert.equal(step.shell, step.run === undefined ? undefined : 'bash');
    // An input's value must not become part of a script.
    assert.ok(!step.run?.includes('${{'), step.run);
  }
  const text = JSON.stringify(action);
  const ids = action.runs.steps.flatMap(({ id }) => (id === undefined ? [] : [id]));
  for (const [, name = ''] of text.matchAll(/\binputs\.([a-z-]+)/g)) assert.ok(Object.hasOwn(action.inputs, name), name);
  for (const [, id = ''] of text.matchAll(/\bsteps\.([a-z-]+)/g)) assert.ok(ids.includes(id), id);
});

/** Runs the action's run steps, with its expressions replaced by the inputs' values. */
function play(
  place: Place,
  inputs: Record<string, string>,
  env: Record<string, string>,
): { readonly code: number | null; readonly stderr: string }[] {
  const filled = (text: string): string =>
    text.replace(/\$\{\{ (\S+) \}\}/g, (_, name: string) => {
      if (name.startsWith('inputs.')) return inputs[name.slice(7)] ?? action.inputs[name.slice(7)]?.default ?? '';
      return name === 'github.event.pull_request.number' ? '7' : 'token';
    });
  return action.runs.steps
    .filter(({ run }) => run?.includes('run.sh'))
    .map(({ run = '', env: own = {} }) =>
      place.bash(run, {
        GITHUB_ACTION_PATH: path.join(CI, 'github'),
        GITHUB_REPOSITORY: 'owner/app',
        GITHUB_OUTPUT: path.join(place.folder, 'output'),
        GITHUB_STEP_SUMMARY: path.join(place.folder, 'summary'),
        RUNNER_TEMP: place.folder,
        LAYERSCOPE: 'layerscope',
        ...env,
        ...Object.fromEntries(Object.entries(own).map(([name, text]) => [name, filled(text)])),
      }),
    );
}

const MARKER = '<!-- layerscope:diff:image -->';

/** Stands in for GitHub's command: answers with the user and with comments, and records its calls. */
const gh = (...comments: readonly (readonly [id: number, login: string, body: string])[]): string => `echo "$@" >>calls
case "$*" in
*graphql*) echo 'github-actions[bot]' ;;
*--paginate*) cat <<'COMMENTS'
${comments.map((comment) => JSON.stringify(comment)).join('\n')}
COMMENTS
esac`;

test('the action checks, compares and comments, and replaces its comment', { skip }, (t) => {
  const place = createPlace(t);
  place.program('gh', gh());
  const inputs = { image: 'app.tar', base: 'base.tar' };
  assert.deepEqual(
    play(place, inputs, {}).map(({ code }) => code),
    [0, 0, 0],
  );
  assert.match(place.read('output'), /^sarif=.*layerscope\.sarif\npassed=true\n$/);
  assert.equal((JSON.parse(place.read('layerscope.sarif')) as { version: string }).version, '2.1.0');
  assert.match(place.read('summary'), /^<!-- layerscope:diff:image -->\n\n### `app:1` → `app:2`/);
  assert.match(place.read('calls'), /--method POST repos\/owner\/app\/issues\/7\/comments --field body=@/);
  // Only the action's own comment is replaced. Otherwise, anyone who writes the hidden line first would get the comparison into their
  // comment.
  place.program('gh', gh([41, 'stranger', MARKER], [42, 'github-actions[bot]', `${MARKER}\nold`], [43, 'github-actions[bot]', MARKER]));
  play(place, inputs, {});
  assert.match(place.read('calls'), /--method PATCH repos\/owner\/app\/issues\/comments\/42 /);
});

test('the checkout, which may come from a stranger, neither provides the package nor configures npm', { skip }, (t) => {
  const place = createPlace(t);
  place.program('gh', gh());
  const pack = (folder: string, says: string): void => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'package.json'), '{"name":"layerscope","version":"1.0.0","bin":{"layerscope":"x.js"}}');
    writeFileSync(path.join(folder, 'x.js'), `#!/usr/bin/env node\nconsole.error('${says}');\n`, { mode: 0o755 });
  };
  pack(path.join(place.folder, 'made', 'package'), 'the real one');
  spawnSync('tar', ['-czf', path.join(place.folder, 'cli.tgz'), '-C', path.join(place.folder, 'made'), 'package']);
  pack(path.join(place.folder, 'node_modules', 'layerscope'), 'a stranger’s');
  mkdirSync(path.join(place.folder, 'node_modules', '.bin'));
  symlinkSync('../layerscope/x.js', path.join(place.folder, 'node_modules', '.bin', 'layerscope'));
  writeFileSync(path.join(place.folder, 'package.json'), '{"name":"stranger","dependencies":{"layerscope":"*"}}');
  // Anything that obeys this file fails.
  writeFileSync(path.join(place.folder, '.npmrc'), 'cafile=/nowhere\nregistry=http://127.0.0.1:1/\nnode-options=--no-such-option\n');
  const [checked] = play(place, { image: 'app.tar', package: 'cli.tgz' }, { LAYERSCOPE: '' });
  for (const { code, stderr } of [checked].filter((each) => each !== undefined)) {
    assert.equal(code, 0, stderr);
    assert.match(stderr, /the real one/);
    assert.doesNotMatch(stderr, /stranger/);
  }
});

test('a file in the checkout with the package’s name is not used as the package, nor is a link', { skip }, (t) => {
  const place = createPlace(t);
  place.program('gh', gh());
  place.program('npm', 'echo "$@" >>"$HOME/calls"; exit 1');
  const { version } = JSON.parse(readFileSync(path.join(CI, '..', 'package.json'), 'utf8')) as { version: string };
  writeFileSync(path.join(place.folder, 'evil.tgz'), 'x');
  for (const name of ['layerscope', `layerscope@${version}`, 'link.tgz']) symlinkSync('evil.tgz', path.join(place.folder, name));
  play(place, { image: 'app.tar' }, { LAYERSCOPE: '' });
  place.bash(job.script.join('\n'), { ...job.variables, IMAGE: 'app.tar' });
  const installs = (): string[] =>
    place
      .read('calls')
      .split('\n')
      .filter((line) => line.includes('install'));
  const before = installs();
  assert.ok(before.length >= 2);
  for (const call of before) assert.ok(call.endsWith(` -- layerscope@${version}`), call);
  const [checked] = play(place, { image: 'app.tar', package: 'link.tgz' }, { LAYERSCOPE: '' });
  assert.match(checked?.stderr ?? '', /link\.tgz is a link/);
  const linked = place.bash(job.script.join('\n'), { ...job.variables, IMAGE: 'app.tar', LAYERSCOPE_PACKAGE: './link.tgz' });
  assert.deepEqual([linked.code, /is a link/.test(linked.stderr)], [3, true]);
  assert.equal(installs().length, before.length);
});

test('the job doesn’t write through any link in the checkout', { skip }, (t) => {
  const place = createPlace(t);
  place.program('npm', 'true');
  writeFileSync(path.join(place.folder, 'victim'), 'as it was');
  for (const name of ['layerscope.md', 'gl-code-quality-report.json']) symlinkSync('victim', path.join(place.folder, name));
  const { code, stderr } = place.bash(job.script.join('\n'), { ...job.variables, IMAGE: 'app.tar', BASE: 'base.tar' });
  assert.equal(code, 0, stderr);
  assert.equal(place.read('victim'), 'as it was');
  assert.match(place.read('layerscope.md'), /^<!-- layerscope:diff/);
});

test('an image’s text is never a workflow command', { skip }, (t) => {
  const place = createPlace(t);
  place.program('gh', gh());
  const spoken = dockerArchive({ name: 'app:2', layers: [tar(file('::error::x', 'x'), file('##[error]y', 'x'))] });
  writeFileSync(path.join(place.folder, 'spoken.tar'), spoken);
  for (const { stderr } of play(place, { image: 'spoken.tar', base: 'base.tar' }, {}).slice(0, 2)) {
    const [, token = ''] = /^::stop-commands::([\da-f-]{36})\n/.exec(stderr) ?? [];
    assert.ok(token !== '' && stderr.endsWith(`::${token}::\n`), stderr);
  }
});

test('no input is mistaken for an option: files named like options are used as images and rules', { skip }, (t) => {
  const place = createPlace(t);
  place.program('gh', gh());
  place.program('npm', 'true');
  for (const name of ['--help', '-x.tar', '--no-scan']) writeFileSync(path.join(place.folder, name), IMAGE);
  writeFileSync(path.join(place.folder, '--json'), 'rules:\n  lowestEfficiency: disabled\nwaste: { logs: 0 }\n');
  for (const image of ['--help', '-x.tar', '--no-scan']) {
    const [checked, compared] = play(place, { image, base: image, config: '--json', name: '--help' }, {});
    assert.deepEqual([checked?.code, compared?.code], [0, 0], image);
    // The image failed the check, so the rules were read.
    assert.match(place.read('output'), /passed=false\n$/);
    assert.match(place.read('summary'), /^<!-- layerscope:diff:/);
    assert.equal(place.bash(job.script.join('\n'), { ...job.variables, IMAGE: image, BASE: image, CONFIG: '--json' }).code, 1, image);
  }
});

test('an image that doesn’t pass is reported, and one that can’t be read fails the step', { skip }, (t) => {
  const place = createPlace(t);
  place.program('gh', gh());
  writeFileSync(path.join(place.folder, 'rules'), 'rules:\n  lowestEfficiency: disabled\nwaste: { logs: 0 }\n');
  play(place, { image: 'app.tar', config: 'rules' }, {});
  assert.match(place.read('output'), /passed=false\n$/);
  const [checked] = play(place, { image: 'none.tar' }, {});
  assert.deepEqual([checked?.code, /NOT_FOUND/.test(checked?.stderr ?? '')], [3, true]);
});

interface Job {
  readonly image: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly script: readonly string[];
  readonly artifacts: { readonly reports: { readonly codequality: string } };
}

const job = (parse(readFileSync(path.join(CI, 'gitlab', 'layerscope.yml'), 'utf8')) as { '.layerscope': Job })['.layerscope'];

test('the job writes a Code Quality report and comments on the merge request', { skip }, (t) => {
  const place = createPlace(t);
  place.program('npm', 'echo "$PWD $@" >>"$HOME/calls"');
  const notes = JSON.stringify([
    { id: 1, author: { id: 7 }, body: 'other' },
    { id: 4, author: { id: 8 }, body: MARKER },
    { id: 5, author: { id: 7 }, body: `${MARKER}\nold` },
  ]);
  place.program(
    'curl',
    `echo "$@" >>calls; case "$*" in *per_page*) cat <<'NOTES'\n${notes}\nNOTES\n;; */user) while [ "$1" != --output ]; do shift; done; echo '{"id":7}' >"$2" ;; esac`,
  );
  const run = (variables: Record<string, string>) => place.bash(job.script.join('\n'), { ...job.variables, ...variables });
  assert.equal(run({ IMAGE: 'app.tar' }).code, 0);
  assert.ok(Array.isArray(JSON.parse(place.read(job.artifacts.reports.codequality))));
  assert.ok(!existsSync(path.join(place.folder, 'layerscope.md')));
  assert.equal(run({ IMAGE: 'app.tar', BASE: 'base.tar' }).code, 0);
  assert.match(place.read('layerscope.md'), /^<!-- layerscope:diff:image -->\n/);
  // npm runs in `/`: in the checkout, it would obey a stranger's .npmrc.
  assert.match(place.read('calls'), /^\/ install --global --ignore-scripts -- layerscope@\d+\.\d+\.\d+\n/);
  assert.doesNotMatch(place.read('calls'), /PRIVATE-TOKEN/);
  const merge = { LAYERSCOPE_TOKEN: 't', CI_MERGE_REQUEST_IID: '3', CI_API_V4_URL: 'https://git.test/api/v4', CI_PROJECT_ID: '9' };
  assert.equal(run({ IMAGE: 'app.tar', BASE: 'base.tar', ...merge }).code, 0);
  assert.match(place.read('calls'), /--request PUT https:\/\/git\.test\/api\/v4\/projects\/9\/merge_requests\/3\/notes\/5\n/);
  assert.equal(run({ IMAGE: 'none.tar' }).code, 3);
});
