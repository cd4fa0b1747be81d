import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foldWindowsCase } from '#model';

const isOne = (a: string, b: string) => foldWindowsCase(a) === foldWindowsCase(b);

test('names that differ only in the case of individual letters are one name', () => {
  for (const [a, b] of [
    ['README.txt', 'readme.TXT'],
    ['ä', 'Ä'],
    ['ÿ', 'Ÿ'],
    ['ж', 'Ж'],
    ['ε', 'Ε'],
    ['ᾳ', 'ᾼ'],
    ['ᾀ', 'ᾈ'],
    ['ⅷ', 'Ⅷ'],
    ['ａ', 'Ａ'],
  ] as const) {
    assert.ok(isOne(a, b), `${a} and ${b}`);
  }
});

test('names whose upper case differs in length or maps back to another lower case are two names, as are letters beyond the BMP', () => {
  for (const [a, b] of [
    ['straße', 'STRASSE'],
    ['ß', 'ẞ'],
    ['ı', 'I'],
    ['ı', 'i'],
    ['İ', 'i'],
    ['ſ', 'S'],
    ['ﬁ', 'FI'],
    ['µ', 'Μ'],
    ['µ', 'μ'],
    ['\u212a', 'k'],
    ['\u212b', 'å'],
    ['\u2126', 'ω'],
    ['𐐨', '𐐀'],
    ['ŉ', 'ʼN'],
    ['ΐ', 'Ϊ́'],
  ] as const) {
    assert.ok(!isOne(a, b), `${a} and ${b}`);
  }
});

test('folding preserves the length, lone surrogates, and already folded text', () => {
  for (let unit = 0; unit < 0x10000; unit++) {
    const text = String.fromCharCode(unit);
    const folded = foldWindowsCase(text);
    assert.equal(folded.length, 1);
    assert.equal(foldWindowsCase(folded), folded, unit.toString(16));
    if (unit >= 0xd800 && unit < 0xe000) assert.equal(folded, text);
  }
});
