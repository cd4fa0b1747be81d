// A fleet of small images with shared bases, for which every question has an answer: ten families of six tags, on three bases.
import type { SmallImage } from '../support/catalog.ts';
import type { LayerSpec } from '../support/image-builder.ts';
import { checkedToken } from '../support/secret-samples.ts';
import { directory, file, tar } from '../support/tar-builder.ts';

const FAMILIES = ['auth', 'billing', 'cart', 'docs', 'events', 'feed', 'gate', 'hooks', 'index', 'jobs'];
const TAGS = 6;

const gzip = (...parts: Uint8Array[]): LayerSpec => ({ tar: tar(...parts), packed: 'gzip' });

function status(version: string): string {
  return `Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n\n`;
}

function base(version: string): LayerSpec {
  return gzip(
    file('etc/release', `os ${version}`),
    file('etc/shared', 'the same in every version'),
    file('usr/bin/su', `su ${version}`, { mode: 0o4755 }),
    file('var/lib/dpkg/status', status(`1.${version}`)),
  );
}

const BASES = ['1', '2', '3'].map(base);

/** Returns the images, with names such as `app:1`. Bases come first. */
export function fleet(): SmallImage[] {
  const bases = BASES.map((layer, index) => ({ name: `os:${index + 1}`, layers: [layer], history: ['ADD os'], created: time(index) }));
  return [...bases, ...FAMILIES.flatMap(family)];
}

function family(name: string, number: number): SmallImage[] {
  const runtime = gzip(
    file(`opt/${name}/runtime`, name.repeat(50)),
    file(`opt/${name}/node_modules/left-pad/package.json`, '{"name":"left-pad","version":"1.3.0"}'),
    file('var/cache/apt/archives/x.deb', 'd'.repeat(5000 + number)),
  );
  // One family's base was packed again by someone else, with zstd.
  const packed: LayerSpec = { ...(BASES[number % BASES.length] ?? base('')), packed: number === 4 ? 'zstd' : 'gzip' };
  return Array.from({ length: TAGS }, (_, tag) => ({
    name: `${name}:${tag + 1}`,
    layers: [packed, runtime, appLayer(name, tag)],
    history: ['ADD os', `RUN install ${name}`, 'COPY app'],
    ...(tag === 0 ? {} : { created: tag === 1 ? '0001-01-01T00:00:00Z' : time(tag * 7 + number) }),
    config: {
      ...(tag === 2 ? { Env: [`TOKEN=${checkedToken('gh'.concat('p_'))}`] } : {}),
      // Half of the families name a base that nobody indexed; the others name none.
      Labels: number < 5 ? { 'org.opencontainers.image.base.name': `docker.io/library/debian:1${tag % 2}` } : { team: name },
    },
  }));
}

function appLayer(name: string, tag: number): LayerSpec {
  const old = tag % 2 === 0 ? [file('etc/.wh.release', '')] : [directory('etc/'), file('etc/.wh..wh..opq', '')];
  return gzip(...old, file(`srv/${name}`, `${name} ${'x'.repeat(tag * 100)}`), file('srv/copy', 'the same everywhere'));
}

function time(day: number): string {
  return new Date(Date.UTC(2026, 0, 1 + day, 3, 4, 5, day * 10)).toISOString();
}
