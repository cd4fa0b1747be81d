import assert from 'node:assert/strict';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import test from 'node:test';
import type { FileGrant } from '#contract';
import { envelopeOf, send, startFakeWeb } from '../support/web-client.ts';

test('the window’s files are public; a browser without a session is shown what to do', async () => {
  await using web = await startFakeWeb();
  const window = await send(web.port, { path: '/' });
  assert.equal(window.body.toString(), '<title>the window</title>');
  const stranger = await send(web.port, { path: '/no-session' });
  assert.match(stranger.body.toString(), /start it again to get a new address/);
  assert.equal((await send(web.port, { path: '/session' })).status, 401);
  assert.equal((await send(web.port, { path: '/session', headers: await web.signIn() })).status, 200);
});

test('a session can’t use another session’s grants', async () => {
  await using web = await startFakeWeb();
  const [owner, thief] = [await web.signIn(), await web.signIn()];
  const sample = envelopeOf(await web.call('app.sample', {}, owner));
  assert.ok(sample.ok);
  const { grant } = sample.value as FileGrant;
  const stolen = envelopeOf(await web.call('archive.open', { grant }, thief));
  assert.equal(stolen.ok ? 'ok' : stolen.error.code, 'FORBIDDEN');
  assert.equal(envelopeOf(await web.call('archive.open', { grant }, owner)).ok, true);
});

/** Returns events from a topic stream. */
async function listen(port: number, topics: string, headers: Record<string, string>) {
  let sent: ClientRequest | undefined;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent = request({ host: '127.0.0.1', port, agent: false, path: `/topics/${topics}`, headers }, resolve);
    sent.on('error', reject).end();
  });
  response.setEncoding('utf8');
  let text = '';
  const blocks = (async function* () {
    for await (const piece of response as AsyncIterable<string>) {
      text += piece;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
        if (event !== undefined) yield { event, state: JSON.parse(data ?? '') as Record<string, unknown> };
      }
    }
  })();
  const next = async () => (await blocks.next()).value;
  return { response, next, end: () => response.destroy() };
}

test('a topic starts with a snapshot and sends changes', async () => {
  await using web = await startFakeWeb();
  const stream = await listen(web.port, 'jobs', await web.signIn());
  assert.equal(stream.response.headers['content-type'], 'text/event-stream');
  assert.deepEqual(await stream.next(), { event: 'jobs', state: { jobs: [] } });
  web.jobs.start({ kind: 'open', title: 'image.tar' }, async () => {});
  const next = await stream.next();
  assert.ok(next !== undefined && next.event === 'jobs');
  assert.equal((next.state.jobs as { title: string }[])[0]?.title, 'image.tar');
  stream.end();
});

test('several topics share a stream; unknown topics are not found', async () => {
  await using web = await startFakeWeb();
  const headers = await web.signIn();
  const stream = await listen(web.port, 'jobs,library,requests', headers);
  const events = [await stream.next(), await stream.next(), await stream.next()].map((each) => each?.event);
  assert.deepEqual(events, ['jobs', 'library', 'requests']);
  stream.end();
  for (const topics of ['', 'no', 'jobs,', 'toString', 'jobs/library']) {
    assert.equal((await send(web.port, { path: `/topics/${topics}`, headers })).status, 404, topics);
  }
});

test('a job is cancelled over the wire', async () => {
  await using web = await startFakeWeb();
  const headers = await web.signIn();
  const jobId = web.jobs.start(
    { kind: 'open', title: 'image.tar' },
    ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
  );
  assert.equal(envelopeOf(await web.call('jobs.cancel', { jobId }, headers)).ok, true);
  assert.equal((await web.jobs.ended(jobId)).state, 'cancelled');
  assert.equal(envelopeOf(await web.call('jobs.dismiss', { jobId }, headers)).ok, true);
  assert.deepEqual(web.jobs.list(), []);
});

test('closing the host ends open streams', async () => {
  const web = await startFakeWeb();
  const stream = await listen(web.port, 'jobs', await web.signIn());
  stream.response.on('error', () => {}); // the host closes the connection
  await stream.next();
  const closed = new Promise((resolve) => stream.response.once('close', resolve));
  await web[Symbol.asyncDispose]();
  await closed;
});
