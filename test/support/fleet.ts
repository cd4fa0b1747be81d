// A team's fleet: services on a few bases, with one tag per month. The command line makes its catalog.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type SmallImage, writeArchive } from './catalog.ts';
import { runCommand } from './command-line.ts';
import { directory, file, tar } from './tar-builder.ts';

export interface FleetOptions {
  /** Number of services, each on one of three bases. */
  readonly services: number;
  /** Number of tags for each service. */
  readonly tags: number;
}

export interface Fleet {
  readonly images: string;
  readonly catalog: string;
  fileOf(name: string): string;
}

const SERVICES = ['checkout', 'search', 'invoices', 'mail', 'gateway', 'thumbnails', 'ledger', 'sessions'] as const;
const layer = (...parts: Uint8Array[]) => ({ tar: tar(...parts) });
const text = (bytes: number, seed: string): string => `${seed} `.repeat(Math.ceil(bytes / (seed.length + 1))).slice(0, bytes);

const PACKAGES = ['libssl3 3.0.11', 'zlib1g 1.2.13', 'curl 7.88.1'].map((each) => each.split(' ') as [string, string]);
const status = (packages: readonly [string, string][]): string =>
  packages
    .map(([name, version]) => `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n`)
    .join('\n');

const DEBIAN = layer(
  directory('etc/'),
  file('etc/os-release', 'debian 12'),
  file('usr/bin/bash', text(280_000, 'bash')),
  file('usr/bin/su', text(9_000, 'su'), { mode: 0o4755 }),
  file('var/lib/dpkg/status', status(PACKAGES)),
);
const NODE = layer(file('usr/local/bin/node', text(420_000, 'node')));
const JAVA = layer(file('opt/java/lib/modules', text(610_000, 'java')), file('opt/java/release', '21'));
const ALPINE = layer(file('bin/busybox', text(90_000, 'busybox')), file('etc/alpine-release', '3.20'));

interface Base {
  readonly name: string;
  readonly layers: readonly ReturnType<typeof layer>[];
  readonly history: readonly string[];
}

const BASES: readonly Base[] = [
  { name: 'base/node:22', layers: [DEBIAN, NODE], history: ['ADD debian-12.tar.xz /', 'COPY node-22 /usr/local'] },
  { name: 'base/java:21', layers: [DEBIAN, JAVA], history: ['ADD debian-12.tar.xz /', 'COPY jdk-21 /opt/java'] },
  { name: 'base/alpine:3.20', layers: [ALPINE], history: ['ADD alpine-3.20.tar.gz /'] },
];

/** Returns the images of a fleet: the bases and, for each service, one image per tag. Each tag's app is larger than the previous tag's. */
export function fleetImages({ services, tags }: FleetOptions): readonly SmallImage[] {
  const bases = BASES.map(({ name, layers, history }) => ({ name: `registry.example.com/${name}`, layers, history, created: day(0) }));
  return [...bases, ...Array.from({ length: services }, (_, service) => serviceImages(service, tags)).flat()];
}

function serviceImages(service: number, tags: number): readonly SmallImage[] {
  const base = BASES[service % BASES.length] as Base;
  const round = Math.floor(service / SERVICES.length);
  const name = `${SERVICES[service % SERVICES.length]}${round === 0 ? '' : `-${round}`}`;
  const dependencies = layer(file(`srv/${name}/node_modules/express/index.js`, text(30_000 + service * 700, `express of ${name}`)));
  return Array.from({ length: tags }, (_, tag) => {
    const app = layer(
      file(`srv/${name}/server.js`, text(8_000 + tag * 5_000, `${name} ${tag}`)),
      file(`srv/${name}/VERSION`, `1.${tag}`),
      // Some builds leave their cache behind, which is a finding.
      ...(tag % 3 === 2 ? [file('var/cache/apt/archives/curl.deb', text(20_000, 'deb'))] : []),
    );
    return {
      name: `registry.example.com/shop/${name}:1.${tag}`,
      layers: [...base.layers, dependencies, app],
      history: [...base.history, `RUN npm ci --prefix /srv/${name}`, `COPY dist /srv/${name}`],
      created: day(30 * (tag + 1)),
      config: { WorkingDir: `/srv/${name}` },
    };
  });
}

function day(days: number): string {
  return new Date(Date.UTC(2025, 0, 6) + days * 86_400_000).toISOString();
}

/**
 * Writes a fleet, with each image in its own file, and its catalog. With `broken`, also a file that isn't an image. `tagged`: an image with
 * this many tags is added.
 */
export async function writeFleet(
  folder: string,
  options: FleetOptions & { readonly broken?: boolean; readonly tagged?: number },
): Promise<Fleet> {
  const images = path.join(folder, 'images');
  const catalog = path.join(folder, 'catalog');
  mkdirSync(images, { recursive: true });
  const fileName = (name: string): string => `${name.replace(/^registry\.example\.com\//, '').replaceAll(/[/:]/g, '-')}.tar`;
  for (const image of fleetImages(options)) writeArchive(images, fileName(image.name), [image]);
  const { tagged = 0 } = options;
  const nightly = Array.from({ length: tagged }, (_, tag) => ({ name: `nightly:build-${tag}`, layers: [ALPINE], history: ['COPY . /'] }));
  if (tagged > 0) writeArchive(images, 'tagged.tar', nightly);
  if (options.broken === true) writeFileSync(path.join(images, 'nightly.tar'), 'no image');
  const { code, stderr } = await runCommand(['catalog', 'index', images, '--to', catalog]);
  if (code !== (options.broken === true ? 3 : 0)) throw new Error(`catalog index: ${code}: ${stderr}`);
  return { images, catalog, fileOf: (name) => path.join(images, fileName(name)) };
}
