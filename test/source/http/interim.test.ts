import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../../support/asserts.ts';
import { rawServer } from '../../support/registry.ts';
import { testHttp } from '../registry/bench.ts';

test('a server may send some interim responses before the response, but not thousands', async (t) => {
  const interim = 'HTTP/1.1 102 Processing\r\n\r\n';
  const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
  const get = async (answer: string) => testHttp(t).request(new URL(`http://${await rawServer(t, answer)}/`));
  const reply = await get(interim.repeat(100) + ok);
  assert.equal(Buffer.from(await reply.bytes(2)).toString(), 'ok');
  await assert.rejects(get(interim.repeat(5_000) + ok), hasCode('UNREACHABLE'));
});
