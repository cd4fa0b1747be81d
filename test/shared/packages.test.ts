// Packages in images made by the package managers themselves, compared with what the managers report: ../shared/meaning/pkgs. Needs
// python3.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { programWords } from '../support/program-words.ts';
import { tryTool } from '../support/tools.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const meaning = path.join(root, '..', 'shared', 'meaning');

test('packages prints what dpkg, rpm, pacman, pip, npm and Go report after each layer', () => {
  assert.ok(existsSync(meaning), `${meaning} is missing`);
  tryTool('python3', ['--version']);
  const args = [path.join(meaning, 'check.py'), programWords(), 'packages', path.join(meaning, 'pkgs')];
  const { status, stdout, stderr } = spawnSync('python3', args, {
    encoding: 'utf8',
    env: { ...process.env, LIMIT: '240' },
    timeout: 250_000,
  });
  assert.equal(status, 0, `${stdout}${stderr}`);
  assert.match(stdout, /^(\d+) of \1$/m);
});
