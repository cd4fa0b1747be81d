// Makes assets/sample.tar, the image that the empty window offers: under 100 kB, with an example of everything that layers can do (files
// added, changed in content or only in mode, removed by a whiteout, a folder made opaque, links, waste). The bytes are the same on every
// machine. Run: `node scripts/make-sample.ts`.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { type NewImage, type NewMember, packDockerArchive, tarBytes } from '../src/archive/write/write-archive.ts';

const root = path.dirname(import.meta.dirname);
const DAY = 1_790_000_000; // 2026-09-21, in seconds since 1970
const dir = (name: string): NewMember => ({ name: `${name}/`, type: 'directory', mtimeSeconds: DAY });
const file = (name: string, body: string | Uint8Array, mode = 0o644): NewMember => ({ name, body, mode, mtimeSeconds: DAY });
const link = (name: string, linkname: string): NewMember => ({ name, type: 'symlink', linkname, mode: 0o777, mtimeSeconds: DAY });
const gone = (name: string): NewMember => {
  const cut = name.lastIndexOf('/') + 1;
  return { name: `${name.slice(0, cut)}.wh.${name.slice(cut)}`, mtimeSeconds: DAY };
};

/** Returns bytes that look and compress like a program: a header, then a deterministic mix. */
function binary(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  let state = seed;
  for (let i = 64; i < size; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = i % 128 < 126 ? (i >> 7) & 0x3f : state >>> 24;
  }
  return bytes;
}

function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** Draws a picture of three strata, so that the sample has a picture to preview. Source: PNG specification, 5.3. */
function picture(width: number, height: number): Uint8Array {
  const rows = Buffer.alloc((width * 3 + 1) * height);
  const bands: [number, number[]][] = [
    [0.3, [0xd9, 0xb4, 0x7e]],
    [0.62, [0xb0, 0x7d, 0x4f]],
    [1, [0x6f, 0x4a, 0x31]],
  ];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const wave = y / height + 0.05 * Math.sin((x / width) * Math.PI * 4);
      const [, colour] = bands.find(([end]) => wave < end) ?? bands[2] ?? [1, [0, 0, 0]];
      rows.set(colour, y * (width * 3 + 1) + 1 + x * 3);
    }
  }
  const chunk = (name: string, body: Uint8Array) => {
    const out = Buffer.alloc(12 + body.length);
    out.writeUInt32BE(body.length, 0);
    out.write(name, 4, 'latin1');
    out.set(body, 8);
    out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

function text(title: string, lines: number): string {
  return Array.from({ length: lines }, (_, i) => `${title} ${i}: ${((i * 2_654_435_761) >>> 0).toString(36)}`)
    .join('\n')
    .concat('\n');
}

/** A dpkg package, and the files that it owns. */
interface Package {
  readonly name: string;
  readonly version: string;
  readonly files: readonly string[];
}

/**
 * Returns dpkg's database of the packages. The packages from index `listed` on are new, so their lists of files are written, too. Source:
 * deb-control(5).
 */
function dpkgDatabase(packages: readonly Package[], listed = 0): NewMember[] {
  const status = packages.map(({ name, version }) =>
    [
      `Package: ${name}`,
      'Status: install ok installed',
      'Architecture: amd64',
      'Maintainer: Sample Linux <sample@example.org>',
      `Version: ${version}`,
      'Description: part of the sample image',
      '',
    ].join('\n'),
  );
  return [
    file('var/lib/dpkg/status', status.join('\n')),
    ...packages.slice(listed).map(({ name, files }) => file(`var/lib/dpkg/info/${name}.list`, files.map((each) => `/${each}\n`).join(''))),
  ];
}

const LIB = 'usr/lib/x86_64-linux-gnu';
const basePackages: readonly Package[] = [
  { name: 'dash', version: '0.5.12-2', files: ['bin/sh'] },
  { name: 'bash', version: '5.2.15-2', files: ['bin/bash', 'usr/share/doc/bash/copyright'] },
  { name: 'coreutils', version: '9.1-1', files: ['usr/bin/env', 'usr/share/doc/coreutils/copyright'] },
  { name: 'libc6', version: '2.36-9', files: [`${LIB}/libc.so.6`] },
  { name: 'libcrypt1', version: '4.4.33-2', files: [`${LIB}/libcrypt.so.1`] },
  { name: 'libssl3', version: '3.0.11-1', files: [`${LIB}/libssl.so.3`] },
  { name: 'openssl', version: '3.0.11-1', files: ['usr/share/doc/openssl/copyright'] },
  { name: 'tzdata', version: '2026a-0', files: ['usr/share/doc/tzdata/copyright'] },
];
/** The packages after the second layer: libcrypt1 removed, libssl3 upgraded, curl added. */
const aptPackages: readonly Package[] = [
  ...basePackages
    .filter(({ name }) => name !== 'libcrypt1')
    .map((known) => (known.name === 'libssl3' ? { ...known, version: '3.0.15-1' } : known)),
  { name: 'ca-certificates', version: '2026', files: ['etc/ssl/certs/ca-certificates.crt'] },
  { name: 'curl', version: '8.5.0-2', files: ['usr/bin/curl'] },
  { name: 'libcurl4', version: '8.5.0-2', files: [`${LIB}/libcurl.so.4`] },
];

const base: NewMember[] = [
  ...[
    'bin',
    'etc',
    'etc/apt',
    'usr',
    'usr/bin',
    'usr/lib',
    'usr/lib/x86_64-linux-gnu',
    'usr/share',
    'usr/share/doc',
    'var',
    'var/cache',
    'var/cache/apt',
    'var/lib',
    'var/lib/dpkg',
    'var/lib/dpkg/info',
    'root',
    'tmp',
  ].map(dir),
  file('bin/sh', binary(90_000, 7), 0o755),
  link('bin/bash', 'sh'),
  file('etc/os-release', 'PRETTY_NAME="Sample Linux 12"\nID=sample\nVERSION_ID="12"\n'),
  file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n'),
  file('etc/shadow', 'root:*:19000:0:99999:7:::\n', 0o640),
  file('etc/apt/sources.list', 'deb main stable\n'),
  file('usr/bin/env', binary(24_000, 11), 0o755),
  file(`${LIB}/libc.so.6`, binary(160_000, 3), 0o755),
  file(`${LIB}/libssl.so.3`, binary(70_000, 5)),
  file(`${LIB}/libcrypt.so.1`, binary(20_000, 9)),
  ...['bash', 'coreutils', 'openssl', 'tzdata'].flatMap((name) => [
    dir(`usr/share/doc/${name}`),
    file(`usr/share/doc/${name}/copyright`, text(name, 120)),
  ]),
  ...dpkgDatabase(basePackages),
];
const apt: NewMember[] = [
  dir('var/cache/apt/archives'),
  ...['curl_8.5', 'ca-certificates_2026', 'libcurl4_8.5'].map((name, i) =>
    file(`var/cache/apt/archives/${name}_amd64.deb`, binary(40_000, 20 + i)),
  ),
  file('usr/bin/curl', binary(60_000, 31), 0o755),
  file(`${LIB}/libcurl.so.4`, binary(34_000, 33)),
  file('etc/ssl/certs/ca-certificates.crt', text('certificate', 150)),
  file(`${LIB}/libssl.so.3`, binary(71_500, 6)),
  gone(`${LIB}/libcrypt.so.1`),
  file('etc/apt/sources.list', 'deb main stable\ndeb updates stable\n'),
  ...dpkgDatabase(aptPackages, basePackages.length - 1),
  gone('var/lib/dpkg/info/libcrypt1.list'),
];
const user: NewMember[] = [
  file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\napp:x:1000:1000::/app:/bin/sh\n'),
  { ...dir('app'), uid: 1000, gid: 1000 },
];
const modules = ['express', 'react', 'typescript', 'zod', 'undici'];
const npm: NewMember[] = [
  dir('app/node_modules'),
  ...modules.flatMap((name, i) => [
    dir(`app/node_modules/${name}`),
    file(`app/node_modules/${name}/package.json`, `${JSON.stringify({ name, version: `${i + 1}.0.0`, license: 'MIT' }, null, 2)}\n`),
    file(`app/node_modules/${name}/index.js`, text(`// ${name}`, 200 + 120 * i)),
    file(`app/node_modules/${name}/README.md`, `# ${name}\n\n${text('Line', 60)}`),
  ]),
  dir('app/node_modules/.bin'),
  link('app/node_modules/.bin/tsc', '../typescript/index.js'),
  dir('root/.npm'),
  file('root/.npm/_cacache.tgz', binary(50_000, 41)),
];
const clean: NewMember[] = [
  // An opaque marker hides the folder's contents in the layers below.
  dir('var/cache/apt'),
  { name: 'var/cache/apt/.wh..wh..opq', mtimeSeconds: DAY },
  gone('root/.npm'),
  ...['bash', 'tzdata'].map((name) => gone(`usr/share/doc/${name}`)),
];
const app: NewMember[] = [
  dir('app/dist'),
  file(
    'app/dist/server.js',
    "import express from 'express';\n\nconst app = express();\napp.get('/', (request, response) => response.send('hello'));\napp.listen(3000);\n",
  ),
  file(
    'app/dist/index.html',
    '<!doctype html>\n<html lang="en">\n  <head><title>Sample</title></head>\n  <body><img src="strata.png" alt="strata"></body>\n</html>\n',
  ),
  file('app/dist/strata.png', picture(240, 160)),
  file('app/package.json', `${JSON.stringify({ name: 'web-api', version: '1.8.0', type: 'module', main: 'dist/server.js' }, null, 2)}\n`),
  { name: 'app/dist/server.link.js', type: 'hardlink', linkname: 'app/dist/server.js', mtimeSeconds: DAY },
  file('app/dist/Übersicht — 概要.txt', 'Names are shown as they are.\n'),
];
const chmod: NewMember[] = [file('usr/bin/curl', binary(60_000, 31), 0o555)];

const steps: { by: string; members?: NewMember[] }[] = [
  { by: '/bin/sh -c #(nop) ADD file:5f1e0cf6b2d4 in / ', members: base },
  { by: '/bin/sh -c #(nop)  CMD ["bash"]' },
  { by: 'RUN /bin/sh -c apt-get update && apt-get install -y curl ca-certificates # buildkit', members: apt },
  { by: 'ENV NODE_ENV=production' },
  { by: 'WORKDIR /app' },
  { by: 'RUN /bin/sh -c useradd --uid 1000 app # buildkit', members: user },
  { by: 'RUN /bin/sh -c npm ci --omit=dev # buildkit', members: npm },
  { by: 'RUN /bin/sh -c rm -rf /var/cache/apt/* ~/.npm /usr/share/doc/bash /usr/share/doc/tzdata # buildkit', members: clean },
  { by: 'COPY dist package.json /app/ # buildkit', members: app },
  { by: 'RUN /bin/sh -c chmod 555 /usr/bin/curl # buildkit', members: chmod },
  { by: 'USER app' },
  { by: 'CMD ["node" "dist/server.js"]' },
];
const layers = await Promise.all(
  steps.flatMap(({ by, members }) =>
    members === undefined ? [] : [tarBytes(members).then((tar) => ({ tar, createdBy: by, gzip: true }))],
  ),
);
const image: NewImage = {
  name: 'sample/web-api:1.8',
  os: 'linux',
  architecture: 'amd64',
  created: '2026-09-21T14:13:20Z',
  layers,
  config: { Cmd: ['node', 'dist/server.js'], Env: ['NODE_ENV=production'], WorkingDir: '/app', User: 'app' },
  history: steps.map(({ by, members }) => ({
    created: '2026-09-21T14:13:20Z',
    created_by: by,
    ...(members === undefined ? { empty_layer: true } : {}),
  })),
};
const chunks: Uint8Array[] = [];
for await (const chunk of packDockerArchive([image])) chunks.push(chunk);
const bytes = Buffer.concat(chunks);
if (bytes.length > 100_000) throw new Error(`the sample has ${bytes.length} bytes: over 100 kB`);
writeFileSync(path.join(root, 'assets', 'sample.tar'), bytes);
console.log(`assets/sample.tar: ${bytes.length} bytes`);
