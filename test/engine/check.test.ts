import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkRules, DEFAULT_CHECK_CONFIG, parseByteSize, parseCheckConfig, userWastedRatio } from '#engine';
import { type Finding, finding, type ImageReport, LayerscopeError } from '#model';
import { parseRatio } from '../../src/engine/check/check-values.ts';
import { hasCode } from '../support/asserts.ts';

function report(layerBytes: readonly number[], wastedBytes: number): ImageReport {
  const fileBytes = layerBytes.reduce((sum, bytes) => sum + bytes, 0);
  const layer = { digest: null, diffId: null, mediaType: null, compression: 'none', status: 'present', blobBytes: 0, tarBytes: 0 } as const;
  const counts = { entries: 0, added: 0, modified: 0, removed: 0, createdBy: null };
  return {
    index: 0,
    names: [],
    platform: 'linux/amd64',
    configDigest: null,
    manifestDigest: null,
    layers: layerBytes.map((bytes, index) => ({ index, ...layer, ...counts, fileBytes: bytes })),
    history: [],
    attestations: [],
    totals: { files: 0, fileBytes, finalBytes: fileBytes - wastedBytes, wastedBytes, efficiency: (fileBytes - wastedBytes) / fileBytes },
  };
}

const statuses = async (yaml: string, image: ImageReport, findings: readonly Finding[] = []) =>
  checkRules(await parseCheckConfig(yaml), image, findings).map(({ rule, status }) => `${rule} ${status}`);

const hasMessage = (message: RegExp) => (error: unknown) => isUsage(error) && message.test((error as Error).message);

const isUsage = (error: unknown) => error instanceof LayerscopeError && error.code === 'USAGE' && !error.message.includes('\n');

test("dive's example file is accepted unchanged", async () => {
  const config = await parseCheckConfig(`rules:
  # If the efficiency is measured below X%, mark as failed.
  # Expressed as a ratio between 0-1.
  lowestEfficiency: 0.95

  # If the amount of wasted space is at least X or larger than X, mark as failed.
  # Expressed in B, KB, MB, and GB.
  highestWastedBytes: 20MB

  # Note: the base image layer is NOT included in the total image size.
  highestUserWastedPercent: 0.20
`);
  assert.deepEqual(config, {
    lowestEfficiency: 0.95,
    highestWastedBytes: 20_000_000,
    highestUserWastedPercent: 0.2,
    failOn: null,
    waste: new Map(),
    exclude: [],
    ignore: [],
  });
});

test('rules missing from a rules file get dive’s defaults, even if the file has no rules', async () => {
  for (const text of ['rules:\n', 'rules: {}\n', 'exclude:\n', 'exclude: []\nrules:\n'])
    assert.deepEqual(await parseCheckConfig(text), DEFAULT_CHECK_CONFIG, text);
  assert.deepEqual(await parseCheckConfig('rules:\n  highestWastedBytes: 1GB\n'), { ...DEFAULT_CHECK_CONFIG, highestWastedBytes: 1e9 });
});

test('a rules file may have strings, numbers, any word that disables a rule, and rule names in any case', async () => {
  for (const value of ['disabled', '"disabled"', 'off', 'false', '""', 'Disabled', '']) {
    assert.equal((await parseCheckConfig(`rules:\n  lowestEfficiency: ${value}\n`)).lowestEfficiency, null, value);
  }
  assert.equal((await parseCheckConfig('rules:\n  lowestefficiency: "0.5"\n')).lowestEfficiency, 0.5);
  assert.equal((await parseCheckConfig("rules: {lowestEfficiency: '1'}")).lowestEfficiency, 1);
  assert.equal((await parseCheckConfig('lowest-efficiency-threshold: .75\n')).lowestEfficiency, 0.75);
  assert.equal((await parseCheckConfig('failOn: warning\n')).failOn, 'warning');
  assert.equal((await parseCheckConfig('rules:\n  failOn: error\n')).failOn, 'error');
});

test('sizes are parsed as dive parses them', () => {
  const sizes = {
    '42': 42,
    '42B': 42,
    '20MB': 20e6,
    '20 mb': 20e6,
    '1.5GiB': 1.5 * 2 ** 30,
    '1,000kb': 1e6,
    '7k': 7e3,
    '3Ti': 3 * 2 ** 40,
    '.5kB': 500,
  };
  for (const [text, bytes] of Object.entries(sizes)) assert.equal(parseByteSize('highestWastedBytes', text), bytes, text);
  for (const text of ['5constructor', '', 'MB', '20XB', '-1MB', '1e3', '1 2MB', 'NaN'])
    assert.throws(() => parseByteSize('highestWastedBytes', text), isUsage, text);
});

test('errors in a rules file name the file and line, in a single line', async () => {
  const saids: Readonly<Record<string, RegExp>> = {
    '': /^ci:1: the file is empty$/,
    '# nothing\n\n': /^ci:1: the file is empty$/,
    '---\n...\n': /^ci:1: the file is empty$/,
    '- a\n- b\n': /^ci:1: not a mapping of rules$/,
    lowestEfficiency: /^ci:1: not a mapping of rules$/,
    '# c\n\nrules: [': /^ci:3: not YAML: /,
    'a: b: c': /^ci:1: not YAML: /,
    'failOn: error\nfailOn: error\n': /^ci:2: "failOn" is given twice$/,
    'rules: {lowestEfficiency: 1}\nrules: {}\n': /^ci:2: "rules" is given twice$/,
    'exclude: [a]\nexclude: [b]\n': /^ci:2: "exclude" is given twice$/,
    'failOn: error\n---\nfailOn: error\n': /^ci:2: not YAML: /,
    'rules: much\n': /^ci:1: rules is not a mapping of rules$/,
    'rules:\n  - lowestEfficiency: 1\n': /^ci:2: rules is not a mapping of rules$/,
    'rules:\n  lowestEfficiency: 0.9\n  lowestEficiency: 0.9\n': /^ci:3: unknown rule "lowestEficiency": expected lowestEfficiency, /,
    'rules:\n  exclude: [a]\n': /^ci:2: unknown rule "exclude"/,
    'rule:\n  lowestEfficiency: 0.9\n': /^ci:1: unknown key "rule": expected rules, waste, exclude, ignore or failOn$/,
    'failOn: error\n"\u001b[31m": 1\n': /^ci:2: unknown key "\\u001b\[31m"/,
    'rules:\n  lowestEfficiency: 2\n': /^ci:2: lowestEfficiency: not between 0 and 1: "2"$/,
    'rules:\n\n  lowestEfficiency: -0.1\n': /^ci:3: lowestEfficiency: not between 0 and 1/,
    'rules:\n  lowestEfficiency: much\n': /^ci:2: lowestEfficiency: not a number: "much"$/,
    'rules:\n  lowestEfficiency: true\n': /^ci:2: lowestEfficiency: not a number: "true"$/,
    'rules:\n  lowestEfficiency: {a: 1}\n': /^ci:2: lowestEfficiency must be a single value, not a list or mapping$/,
    'rules:\n  lowestEfficiency: [0.9]\n': /^ci:2: lowestEfficiency must be a single value, not a list or mapping$/,
    'rules:\n  lowestEfficiency: 0.9\nlowest-efficiency-threshold: 0.5\n': /^ci:3: lowestEfficiency is given twice$/,
    'rules:\n  highestWastedBytes: "\u009b31m"\n': /^ci:2: highestWastedBytes: not a size such as 20MB: "\\u009B31m"$/,
    'failOn: sometimes\n': /^ci:1: failOn: neither error nor warning: "sometimes"$/,
    'exclude: usr/share\n': /^ci:1: exclude is not a list of patterns$/,
    'exclude: {a: b}\n': /^ci:1: exclude is not a list of patterns$/,
    'exclude:\n  - ok\n  - [a]\n': /^ci:3: an exclude pattern must be plain text, not a list or mapping$/,
    'exclude:\n  - ok\n  - ""\n': /^ci:3: the exclude pattern "" names nothing$/,
    'exclude: [../x]\n': /^ci:1: the exclude pattern "\.\.\/x" points outside the image$/,
    'rules: *nothing\n': /^ci:1: unknown alias "nothing"$/,
    '? [a]\n: b\n': /^ci:1: a key must be plain text, not a list or mapping$/,
  };
  for (const [text, said] of Object.entries(saids)) {
    await assert.rejects(parseCheckConfig(text, 'ci'), (error) => isUsage(error) && said.test((error as Error).message), text);
  }
});

test('a rules file has limits on its bytes, patterns, aliases, values and depth', async () => {
  const sized = (bytes: number) => `rules:\n${'#'.repeat(bytes - 7)}`;
  assert.deepEqual(await parseCheckConfig(sized(65_536)), DEFAULT_CHECK_CONFIG);
  await assert.rejects(parseCheckConfig(sized(65_537)), hasCode('TOO_LARGE'));

  const patterns = (count: number) => `exclude: [${'a,'.repeat(count)}]`;
  assert.equal((await parseCheckConfig(patterns(200))).exclude.length, 200);
  await assert.rejects(parseCheckConfig(patterns(201)), hasMessage(/exclude has more than 200 patterns$/));
  assert.equal((await parseCheckConfig(`exclude: [${'a'.repeat(1_000)}]`)).exclude.length, 1);
  await assert.rejects(parseCheckConfig(`exclude: [${'a'.repeat(1_001)}]`), hasMessage(/is too long$/));

  const aliases = (count: number) => `exclude: [&a a, ${'*a ,'.repeat(count)}]`;
  assert.equal((await parseCheckConfig(aliases(100))).exclude.length, 101);
  await assert.rejects(parseCheckConfig(aliases(101)), hasMessage(/more than 100 aliases$/));

  for (const parse of [parseRatio, parseByteSize]) {
    assert.equal(parse('rule', `1.${'0'.repeat(98)}`), 1);
    assert.throws(() => parse('rule', `1.${'0'.repeat(99)}`), isUsage);
  }
  await assert.rejects(parseCheckConfig(`exclude: ${'['.repeat(30_000)}${']'.repeat(30_000)}`), hasMessage(/not YAML: nested too deeply$/));
});

test('an alias in a rules file is resolved', async () => {
  const { lowestEfficiency, highestUserWastedPercent, exclude } = await parseCheckConfig(
    'rules: {lowestEfficiency: &one 0.5, highestUserWastedPercent: *one}\nexclude: [&p "*.pyc", *p]\n',
  );
  assert.deepEqual([lowestEfficiency, highestUserWastedPercent, exclude], [0.5, 0.5, ['*.pyc', '*.pyc']]);
});

test('a value equal to the threshold passes; anything beyond it fails', async () => {
  const image = report([900, 100], 50); // efficiency 0.95; half of the user's bytes wasted
  const rules = (efficiency: string, bytes: string, percent: string) =>
    statuses(`rules:\n  lowestEfficiency: ${efficiency}\n  highestWastedBytes: ${bytes}\n  highestUserWastedPercent: ${percent}\n`, image);
  assert.deepEqual(await rules('0.95', '50B', '0.5'), [
    'lowestEfficiency pass',
    'highestWastedBytes pass',
    'highestUserWastedPercent pass',
    'failOn skip',
  ]);
  assert.deepEqual(await rules('0.951', '49B', '0.49'), [
    'lowestEfficiency fail',
    'highestWastedBytes fail',
    'highestUserWastedPercent fail',
    'failOn skip',
  ]);
});

test('the user’s waste is measured against all layers but the lowest', async () => {
  assert.equal(userWastedRatio(report([1000, 40, 60], 10)), 0.1);
  assert.deepEqual(await statuses('rules:\n  lowestEfficiency: off\n', report([1000], 0)), [
    'lowestEfficiency skip',
    'highestWastedBytes skip',
    'highestUserWastedPercent pass', // 0 of 0 bytes wasted
    'failOn skip',
  ]);
  // One layer with a duplicate path has waste, but no user bytes to divide by. dive fails it too, because it divides by zero.
  const [, , rule] = checkRules(DEFAULT_CHECK_CONFIG, report([1000], 500), []);
  assert.equal(rule?.status, 'fail');
  assert.equal(rule?.value, null);
});

test('failOn counts findings of its severity and above', async () => {
  const image = report([10, 10], 0);
  const warning = finding('trailing-data', 'x');
  const error = finding('missing-blob', 'x');
  const note = finding('duplicate-path', 'x');
  assert.equal((await statuses('failOn: error', image, [warning, note])).at(-1), 'failOn pass');
  assert.equal((await statuses('failOn: error', image, [warning, error])).at(-1), 'failOn fail');
  assert.equal((await statuses('failOn: warning', image, [warning])).at(-1), 'failOn fail');
  assert.equal((await statuses('failOn: warning', image, [note])).at(-1), 'failOn pass');
});

test('an image with a missing or damaged layer fails, whatever the other rules say', () => {
  const image = report([100, 100], 0);
  const layers = image.layers.map((layer) => ({ ...layer, status: layer.index === 0 ? ('missing' as const) : layer.status }));
  const [first, ...others] = checkRules(DEFAULT_CHECK_CONFIG, { ...image, layers }, []);
  assert.deepEqual([first?.rule, first?.status, first?.value], ['layers', 'fail', 1]);
  assert.match(first?.message ?? '', /^layer 0 is missing/);
  assert.equal(others.length, 4);
});

test('each kind of waste has its own rule, whose limit is a size and whose name may omit waste-', async () => {
  const config = await parseCheckConfig('waste:\n  apt-lists: 0\n  waste-tmp: 10kB\n  logs: disabled\n');
  assert.deepEqual(
    [...config.waste],
    [
      ['waste-apt-lists', 0],
      ['waste-tmp', 10_000],
    ],
  );
  const findings = [
    finding('waste-apt-lists', '', { layer: 0, path: 'var/lib/apt/lists', bytes: 1 }),
    finding('waste-tmp', '', { layer: 0, path: 'tmp', bytes: 6000 }),
    finding('waste-tmp', '', { layer: 1, path: 'tmp', bytes: 4000 }),
    finding('waste-logs', '', { layer: 1, path: 'var/log', bytes: 4000 }),
  ];
  const rules = checkRules(config, report([1000], 500), findings).slice(4);
  assert.deepEqual(
    rules.map(({ rule, status, value, threshold }) => [rule, status, value, threshold]),
    [
      ['waste-apt-lists', 'fail', 1, 0],
      ['waste-tmp', 'pass', 10_000, 10_000],
    ],
  );
  for (const text of [
    'waste:\n  apt: 0\n',
    'waste: 1\n',
    'waste:\n  tmp: much\n',
    'waste:\n  tmp: 1\n  waste-tmp: 2\n',
    'waste:\n  tmp: [1]\n',
  ])
    await assert.rejects(parseCheckConfig(text), hasCode('USAGE'), text);
});
