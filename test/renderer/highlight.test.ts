import assert from 'node:assert/strict';
import { test } from 'node:test';
import { highlightLines } from '../../renderer/state/details/highlight.ts';
import { languageOf } from '../../renderer/state/details/languages.ts';

test('the language is detected from the file name, or from the interpreter in the first line', () => {
  for (const [path, first, language] of [
    ['app/server.js', '', 'javascript'],
    ['Dockerfile', 'FROM x', 'dockerfile'],
    ['Dockerfile.dev', '', 'dockerfile'],
    ['etc/os-release', '', 'ini'],
    ['usr/bin/tool', '#!/usr/bin/env python3', 'python'],
    ['usr/bin/run', '#!/bin/sh -e', 'bash'],
    ['A/B.YAML', '', 'yaml'],
    ['etc/passwd', 'root:x:0:0', null],
    ['constructor', '', null],
    ['', '', null],
  ] as const) {
    assert.equal(languageOf(path, first), language, path);
  }
});

test('lines stay lines, and every character is kept', () => {
  const lines = ['/* one', 'two */ const x = "a";', '', 'let y = 12;'];
  const tokens = highlightLines(lines, 'javascript');
  assert.deepEqual(
    tokens.map((line) => line.map(({ text }) => text).join('')),
    lines,
  );
  assert.equal(tokens[0]?.[0]?.kind, 'comment');
  assert.equal(tokens[1]?.[0]?.kind, 'comment', 'a comment continues in the next line');
  assert.ok(tokens[1]?.some(({ text, kind }) => text === 'const' && kind === 'keyword'));
  assert.ok(tokens[3]?.some(({ text, kind }) => text === '12' && kind === 'numeral'));
});

test('every detected language is one that the highlighter knows', () => {
  for (const name of 'sh c cc css diff dockerfile bat go ini java js json lua mk md nginx.conf pl php ps1 py rb rs sql ts xml yml'.split(
    ' ',
  )) {
    const language = languageOf(`x/${name.length > 5 ? name : `a.${name}`}`, '');
    assert.ok(language !== null, name);
    assert.equal(highlightLines(['x', 'y'], language).length, 2, name);
  }
});
