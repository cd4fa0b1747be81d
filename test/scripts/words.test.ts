// biome-ignore-all lint/suspicious/noTemplateCurlyInString: sources that contain templates
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findTexts } from '../../scripts/words/find-texts.ts';

const textsIn = (source: string): string[] => findTexts('a.tsx', source).map(({ text }) => text);

test('strings in JSX are found, even behind conditions, defaults, templates and fragments', () => {
  assert.deepEqual(textsIn('<p>No layers</p>'), ['No layers']);
  assert.deepEqual(textsIn("<p>{open ? 'hide' : other ?? 'show'}</p>"), ['hide', 'show']);
  assert.deepEqual(textsIn('<>{`${count} rows`}</>'), ['rows']);
  assert.deepEqual(textsIn("<p>{loaded && (('done') as string)}</p>"), ['done']);
});

test('strings in displayed attributes and fields are found, whatever they look like', () => {
  for (const name of ['aria-label', 'title', 'placeholder', 'alt', 'label'])
    assert.deepEqual(textsIn(`<a ${name}="layer" />`), ['layer'], name);
  assert.deepEqual(textsIn("<B label={open ? 'close' : `layer ${n}`} />"), ['close', 'layer']);
  assert.deepEqual(textsIn("const choices = [{ id: 'gzip', label: 'gzip' }]"), ['gzip']);
});

test('any other string is found if it is prose', () => {
  assert.deepEqual(textsIn("toast('Report copied')"), ['Report copied']);
  assert.deepEqual(textsIn("const NAMES = { added: 'Added' }"), ['Added']);
  assert.deepEqual(textsIn("const text = ('Not found') satisfies string"), ['Not found']);
  assert.deepEqual(textsIn('say(`${count} layers`)'), ['layers']);
});

test('identifiers, single letters, sizes, types and messages of internal errors don’t count as strings for users', () => {
  const sources = [
    '<p className="number quiet" id="a b">{words.title} · A → B /</p>',
    "<Button kind='primary' icon='save' />",
    "const MINIMA = [{ id: '10000', label: '> 10 kB' }]",
    "type Mode = 'Layer' | 'all layers'",
    "throw new Error('the page has no root')",
    'page.querySelector(\'[role="row"] button, input\')',
    "import { Menu } from 'react-aria-components/Menu'",
    "event.key === 'Enter'",
    "switch (event.key) { case 'Home': break }",
    'const key = `${archive}/compare/${layer}`',
  ];
  for (const source of sources) assert.deepEqual(textsIn(source), [], source);
});

test('a string is reported with its line', () => {
  assert.deepEqual(findTexts('a.tsx', "const a = 1;\n\nconst b = 'Not here';\n"), [{ line: 3, text: 'Not here' }]);
});
