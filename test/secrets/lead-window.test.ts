import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeadWindow, newLeadCode, WINDOW } from '../../src/secrets/lead-window.ts';
import { HOST_LEAD, KEY_LEAD, LEAD_GROUPS, leadOf } from '../../src/secrets/leads.ts';
import { TOKEN_LEADS } from '../../src/secrets/token-rules.ts';

const LEADS = LEAD_GROUPS.flat();
const EVERY_LEAD = new RegExp(`(?<![A-Za-z0-9_])(?:${LEADS.map((lead) => lead.replace('.', '\\.')).join('|')})`, 'g');

/** One window for each way to find leads: vectors on new processors and engines, vectors on older ones, and no vectors. */
const WAYS = { fast: new LeadWindow(newLeadCode(true)), old: new LeadWindow(newLeadCode(false)), plain: new LeadWindow(null) };

function fill(bytes: Uint8Array): void {
  for (const { bytes: window } of Object.values(WAYS)) window.set(bytes);
}

/** Checks that every way finds the same places as the expression. */
function check(bytes: Buffer, from: number, to: number): number {
  fill(bytes);
  const wanted = [...bytes.toString('latin1').matchAll(EVERY_LEAD)].map(({ index }) => index).filter((at) => at >= from && at < to);
  for (const [way, window] of Object.entries(WAYS)) {
    const found = Array.from(window.places.subarray(0, window.find(from, to)));
    assert.deepEqual(found, wanted, `${way}: ${from} to ${to} of ${bytes.toString('base64')}`);
  }
  return wanted.length;
}

const random = (below: number): number => Math.floor(Math.random() * below);
const pick = <T>(items: readonly T[]): T => items[random(items.length)] as T;

test('this Node supports both kinds of vectors', () => {
  assert.notEqual(newLeadCode(true), null);
  assert.notEqual(newLeadCode(false), null);
});

test('every token, key and webhook has a lead in one of at most eight groups', () => {
  const known = LEADS.map(leadOf);
  assert.deepEqual([...known].sort(), [...TOKEN_LEADS, KEY_LEAD, HOST_LEAD].sort());
  assert.ok(LEAD_GROUPS.length <= 8);
});

test('a lead is found at each place in a block, and at both ends of the searched range', () => {
  for (const lead of LEADS) {
    for (let at = 0; at < 48; at++) {
      const bytes = Buffer.alloc(96, 'é');
      bytes.write(lead, at);
      assert.equal(check(bytes, 0, 96), 1, lead);
      assert.equal(check(bytes, 0, at + 1), 1, lead);
      assert.equal(check(bytes, 0, at), 0, lead);
      assert.equal(check(bytes, at & ~15, 96), 1, lead);
    }
    const bytes = Buffer.alloc(WINDOW, ' ');
    bytes.write(lead, WINDOW - 3);
    assert.equal(check(bytes, WINDOW - 16, WINDOW), 1, lead);
  }
});

test('in random bytes, vectors find the same leads as a plain loop and an expression', () => {
  const characters = [...new Set([...LEADS.join(''), ...' \n_A9\0\xff'])];
  let found = 0;
  for (let round = 0; round < 3_000; round++) {
    const rarely = 1 + random(20);
    const pieces = Array.from({ length: random(300) }, () => (random(rarely) === 0 ? pick(LEADS) : pick(characters)));
    const bytes = Buffer.from(pieces.join(''), 'latin1');
    const from = Math.min(bytes.length, random(4) * 16) & ~15;
    found += check(bytes, from, Math.max(from, bytes.length - 2 - random(20)));
  }
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from(Array.from({ length: 2_000 }, () => random(256)));
    found += check(bytes, 0, bytes.length - 2);
  }
  assert.ok(found > 3_000, String(found));
});

test('in a window full of leads, all of them are found', () => {
  const bytes = Buffer.alloc(WINDOW, 'sk-');
  assert.equal(check(bytes, 0, WINDOW - 2), Math.floor(WINDOW / 3));
});

test('line feeds between any two places are counted', () => {
  const bytes = Buffer.from(Array.from({ length: 4_000 }, () => pick([0x0a, 0x0b, 0x8a, 0x00, 0xff])));
  fill(bytes);
  for (let round = 0; round < 2_000; round++) {
    const from = random(4_000);
    const to = from + random(round % 2 === 0 ? 50 : 4_001 - from);
    const wanted = bytes.subarray(from, to).filter((byte) => byte === 0x0a).length;
    for (const [way, window] of Object.entries(WAYS))
      if (to <= 4_000) assert.equal(window.countLines(from, to), wanted, `${way}: ${from} ${to}`);
  }
});
