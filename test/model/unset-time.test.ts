import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTime } from '#model';

test('a time is kept as stated', () => {
  for (const text of [
    '2015-11-18T22:13:12.231Z',
    '2015-04-17T22:01:13.062208605Z',
    '2024-01-02T03:04:05+01:00',
    '2024-01-02t03:04:05z',
    '2024-01-02 03:04:05.5 +0000',
    '2024-01-02',
    '0002-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
  ])
    assert.equal(setTime(text), text);
});

test('a time that was never set, is malformed, or is outside the years 1 to 9999 is unknown', () => {
  for (const text of [
    null,
    '',
    'then',
    '2024',
    '0001-01-01T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '-029719-04-05T00:00:00.000Z',
    '+275760-09-13T00:00:00.000Z',
    '10000-01-01T00:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-01-02T25:04:05Z',
    '2024-01-02T03:04:05Z\n2024',
    '１２３４-01-02',
  ])
    assert.equal(setTime(text), null);
});
