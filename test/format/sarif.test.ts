import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { codeQualityReport, pipelineFindings, sarifReport } from '#format/sarif';
import { FINDING_HINTS, type Finding } from '#model';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const DIFF_IDS = [`sha256:${'a'.repeat(64)}`, null];
const FINDINGS: readonly Finding[] = [
  { severity: 'warning', code: 'secret-env-password', where: 'env', name: 'PASSWORD', message: 'in the variable PASSWORD' },
  {
    severity: 'error',
    code: 'secret-github-token',
    layer: 0,
    path: 'home/ä b/100%\\x0A[x](y)/\\xE4',
    where: 'file',
    line: 7,
    message: 'GitHub token [x](https://y) on line 7\n',
  },
  { severity: 'note', code: 'secret-private-key', layer: 1, path: 'a', where: 'file', message: 'encrypted' },
  { severity: 'error', code: 'secret-npm-token', layer: 1, where: 'history', message: 'in a step of the history' },
];

const prepared = pipelineFindings(FINDINGS, DIFF_IDS, hash);

test('SARIF: one run with rules, places and fingerprints', () => {
  const document = JSON.parse(sarifReport(prepared, { name: 'app:1', version: '1.2.3' }));
  assert.deepEqual(Object.keys(document), ['$schema', 'version', 'runs']);
  assert.equal(document.version, '2.1.0');
  assert.equal(document.runs.length, 1);
  const [run] = document.runs;
  assert.deepEqual(run.automationDetails, { id: 'layerscope/app:1/' });
  assert.deepEqual(
    run.tool.driver.rules.map(({ id }: { id: string }) => id),
    ['secret-github-token', 'secret-npm-token', 'secret-env-password', 'secret-private-key'],
  );
  assert.deepEqual(run.tool.driver.rules[2], {
    id: 'secret-env-password',
    shortDescription: { text: FINDING_HINTS['secret-env-password'].title },
    help: { text: FINDING_HINTS['secret-env-password'].hint },
    defaultConfiguration: { level: 'warning' },
    properties: { tags: ['security', 'secret'], precision: 'high', 'security-severity': '5.0' },
  });
  const place = (at: number) => run.results[at].locations[0].physicalLocation;
  assert.deepEqual(run.results[0], {
    ruleId: 'secret-github-token',
    ruleIndex: 0,
    level: 'error',
    message: { text: 'GitHub token \\[x\\](https://y) on line 7\\x0A' },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: 'layer-0/home/%C3%A4%20b/100%25%0A%5Bx%5D%28y%29/%E4' },
          region: { startLine: 7 },
        },
      },
    ],
    partialFingerprints: {
      'layerscope/v1': hash(['secret-github-token', DIFF_IDS[0], 'home/ä b/100%\\x0A[x](y)/\\xE4', '7'].join('\0')),
    },
  });
  assert.deepEqual(place(1), { artifactLocation: { uri: 'layer-1' }, region: { startLine: 1 } });
  assert.deepEqual(place(2), { artifactLocation: { uri: 'config' }, region: { startLine: 1 } });
  assert.equal(run.results[2].partialFingerprints['layerscope/v1'], hash('secret-env-password\0\0\0PASSWORD'));
  assert.equal(run.results[3].level, 'note');
  assert.equal('invocations' in run, false);
});

test('Code Quality: one list, with the same fingerprints and paths', () => {
  const list = JSON.parse(codeQualityReport(prepared));
  assert.deepEqual(
    list.map(({ check_name, severity, location }: Record<string, never>) => [check_name, severity, location]),
    [
      ['secret-github-token', 'critical', { path: 'layer-0/home/%C3%A4%20b/100%25%0A%5Bx%5D%28y%29/%E4', lines: { begin: 7 } }],
      ['secret-npm-token', 'critical', { path: 'layer-1', lines: { begin: 1 } }],
      ['secret-env-password', 'major', { path: 'config', lines: { begin: 1 } }],
      ['secret-private-key', 'info', { path: 'layer-1/a', lines: { begin: 1 } }],
    ],
  );
  assert.deepEqual(
    list.map(({ fingerprint }: { fingerprint: string }) => fingerprint),
    prepared.findings.map(({ fingerprint }) => fingerprint),
  );
  assert.ok(list.every(({ description }: { description: string }) => description.length > 0));
});

test('a result keeps its fingerprint in another layer and with another message, and no two results share one', () => {
  const found = FINDINGS[1] as Finding;
  const moved = pipelineFindings([{ ...found, layer: 1, message: 'x' }, found, found], [null, DIFF_IDS[0] as string], hash);
  assert.equal(moved.findings[0]?.fingerprint, prepared.findings[0]?.fingerprint);
  assert.equal(moved.findings.length, 2);
});

test('a report has at most 25,000 results, most severe first, and says what is left out', () => {
  const many = Array.from(
    { length: 25_010 },
    (_, at): Finding => ({
      severity: at === 25_005 ? 'error' : 'note',
      code: 'secret-private-key',
      layer: 0,
      path: `f${at}`,
      message: 'x',
    }),
  );
  const cut = pipelineFindings(many, DIFF_IDS, hash);
  assert.deepEqual([cut.findings.length, cut.leftOut, cut.findings[0]?.uri], [25_000, 10, 'layer-0/f25005']);
  const [run] = JSON.parse(sarifReport(cut, { name: 'x', version: '1' })).runs;
  assert.deepEqual(run.invocations, [
    { executionSuccessful: true, toolExecutionNotifications: [{ level: 'warning', message: { text: '10 more results were left out' } }] },
  ]);
});

test('no backslash in a name undoes the escape of a bracket', () => {
  const message = 'Secret in the variable A\\[click\\](https://y)\\B';
  const found: Finding = { severity: 'warning', code: 'secret-env-password', where: 'env', name: 'A', message };
  const { runs } = JSON.parse(sarifReport(pipelineFindings([found], DIFF_IDS, hash), { name: 'x', version: '1' }));
  assert.equal(runs[0].results[0].message.text, 'Secret in the variable A\\\\\\[click\\\\\\](https://y)\\B');
});
