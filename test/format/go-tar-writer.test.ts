import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type TarForm, type TarHeader, TarWriter, toByteString } from '#format/windows-tar';
import { LayerscopeError } from '#model';

interface GoHeader {
  readonly name: string;
  readonly linkname?: string;
  readonly uname?: string;
  readonly gname?: string;
  readonly records?: Readonly<Record<string, string>>;
  readonly format: TarForm | '';
}

interface GoResult {
  readonly header: GoHeader & Omit<TarHeader, keyof GoHeader>;
  readonly bytes?: number;
  readonly sha256?: string;
  readonly error?: string;
}

// Made by test/fixtures/go-tar/main.go: random headers with what Go's archive/tar wrote for each, or why it refused.
const results = JSON.parse(
  gunzipSync(readFileSync(new URL('../fixtures/go-tar/headers.json.gz', import.meta.url))).toString(),
) as readonly GoResult[];

function bytes(base64: string | undefined): string {
  return toByteString(Buffer.from(base64 ?? '', 'base64'));
}

function headerOf({ name, linkname, uname, gname, records, format, ...rest }: GoResult['header']): TarHeader {
  const header = { ...rest, name: bytes(name), linkname: bytes(linkname), uname: bytes(uname), gname: bytes(gname) };
  const own = new Map(Object.entries(records ?? {}).map(([key, value]) => [bytes(key), bytes(value)]));
  return format === '' ? { ...header, records: own } : { ...header, records: own, form: format };
}

/** Returns Go's error message without the values, because Go prints times and strings differently. */
function reasons(message: string): string {
  return message.replaceAll(/=[^;]*/g, '').replace(/invalid PAX record.*/s, 'invalid PAX record');
}

test("headers are written byte for byte as Go's archive/tar writes them", () => {
  const written = results.filter(({ sha256 }) => sha256 !== undefined);
  assert.ok(written.length > 200);
  for (const { header, bytes: length, sha256 } of written) {
    const ours = new TarWriter().header(headerOf(header));
    assert.equal(ours.length, length, JSON.stringify(header));
    assert.equal(createHash('sha256').update(ours).digest('hex'), sha256, JSON.stringify(header));
  }
});

test('headers that Go refuses to write are refused for the same reasons', () => {
  const refused = results.filter(({ error }) => error !== undefined);
  assert.ok(refused.length > 50);
  for (const { header, error } of refused) {
    assert.throws(
      () => new TarWriter().header(headerOf(header)),
      (thrown) => {
        assert.ok(thrown instanceof LayerscopeError);
        assert.equal(thrown.code, 'UNSUPPORTED');
        assert.equal(reasons(thrown.message), reasons(error as string), JSON.stringify(header));
        return true;
      },
    );
  }
});

test('a body is padded to a block, and the tar ends with two zero blocks', () => {
  const writer = new TarWriter();
  assert.equal(writer.header({ name: 'a', size: 3 }).length, 512);
  assert.deepEqual(writer.body(Uint8Array.of(1, 2, 3)), Uint8Array.of(1, 2, 3));
  assert.equal(writer.header({ name: 'b', size: 512 }).length, 509 + 512);
  writer.body(new Uint8Array(512));
  assert.equal(writer.end().length, 1024);
});

test('a body that is shorter or longer than its header says is an error', () => {
  const writer = new TarWriter();
  writer.header({ name: 'a', size: 3 });
  assert.throws(() => writer.body(new Uint8Array(4)), /write too long/);
  assert.throws(() => writer.header({ name: 'b' }), /missed writing 3 bytes/);
  assert.throws(() => writer.end(), /missed writing 3 bytes/);
});

test('a link with a size has no body', () => {
  const writer = new TarWriter();
  const block = writer.header({ name: 'l', linkname: 't', typeflag: '2', size: 7 });
  assert.equal(Buffer.from(block.subarray(124, 136)).toString('latin1'), '00000000007\0');
  assert.equal(writer.end().length, 1024);
});

test('PAX records over one MiB are refused', () => {
  const records = new Map([['MSWINDOWS.xattr.x', 'A'.repeat(1 << 20)]]);
  assert.throws(() => new TarWriter().header({ name: 'a', form: 'pax', records }), { code: 'TOO_LARGE' });
});
