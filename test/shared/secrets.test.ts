// Images with secrets, made by ../shared/meaning/findings/make.py, compared with its expectations. Needs python3.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { inspectArchive, loadImage, pipelineReports } from '#engine';
import type { Finding } from '#model';
import { runTool } from '../support/tools.ts';
import { testFolder, testReader } from '../support/workbench.ts';

const folder = path.resolve(import.meta.dirname, '..', '..', '..', 'shared', 'meaning', 'findings');
const SEEDS = Array.from({ length: 20 }, (_, at) => at + 1);

interface Expected {
  readonly find: readonly Partial<Finding>[];
  readonly not: readonly { readonly path: string; readonly why: string }[];
}

const TOKENS =
  /gh[pousr]_[A-Za-z0-9]{36}|npm_[A-Za-z0-9]{36}|AKIA[A-Z2-7]{16}|sk_live_[A-Za-z0-9]{24}|glpat-[A-Za-z0-9]{20}|hf_[A-Za-z]{34}/g;

async function check(t: TestContext, seed: number): Promise<void> {
  assert.ok(existsSync(folder), `${folder} is missing`);
  const made = testFolder(t);
  await runTool('python3', ['-B', path.join(folder, 'make.py'), made, String(seed)]);
  const { find, not } = (JSON.parse(readFileSync(path.join(made, 'expected.json'), 'utf8')) as { secrets: Expected }).secrets;
  const file = path.join(made, 'secrets.tar.gz');
  const reader = testReader(t);
  await using archive = await reader.open(file);
  const { findings } = await inspectArchive(reader, archive, { scan: true });
  for (const wanted of find) {
    assert.ok(
      findings.some((found) => Object.entries(wanted).every(([field, value]) => found[field as keyof Finding] === value)),
      `not found: ${JSON.stringify(wanted)}`,
    );
  }
  const places = new Set(find.map((each) => `${each.path} ${each.where} ${each.name}`));
  const severe = findings.filter(({ code, severity }) => code.startsWith('secret-') && severity !== 'note');
  for (const { path: wrong, why } of not) assert.ok(!severe.some((found) => found.path === wrong), `${wrong}: ${why}`);
  for (const found of severe)
    assert.ok(places.has(`${found.path} ${found.where} ${found.name}`), `no secret was expected here: ${JSON.stringify(found)}`);
  const tokens = new Set(gunzipSync(readFileSync(file)).toString('latin1').match(TOKENS));
  assert.ok(tokens.size > 5);
  const reports = pipelineReports(await loadImage(reader, archive, 0, { scan: true }), findings);
  const told = [JSON.stringify(findings), reports.sarif('1'), reports.codeQuality()];
  for (const token of tokens) for (const text of told) assert.ok(!text.includes(token), 'a whole token');
}

for (const seed of SEEDS) test(`finds the secrets of seed ${seed}, and nothing else`, (t) => check(t, seed));
