// Reads every document of an image as each kind, or refuses it with a clean one-line message.
import {
  annotatedName,
  artifactTypeOf,
  attestedDigest,
  compareConfigs,
  createdByLayer,
  type Descriptor,
  diffIdProblem,
  digestInPath,
  dockerManifestProblem,
  historyProblem,
  imageConfigProblem,
  isArtifact,
  mediaTypeProblem,
  mediaTypesOf,
  parseDescriptor,
  parseDockerManifest,
  parseImageConfig,
  parseIndex,
  parseIndexed,
  parseJson,
  parseLegacyLayer,
  parseRepositories,
  platformName,
  platformRank,
  subjectOf,
} from '#format/image';
import { dockerArchive, Files, imageConfig, json, legacyArchive, ociImage, ociIndex, ociLayout } from '../../support/image-builder.ts';
import { expectCleanText, expectRefusal } from '../engine/finding.ts';
import { JSON_TOKENS, mutateJson } from '../engine/mutate-json.ts';
import { sharedFiles } from '../engine/seeds.ts';
import { session, type Target } from '../engine/target.ts';

function clean(text: string | null): void {
  if (text !== null) expectCleanText(text);
}

function tolerate(work: () => void): void {
  try {
    work();
  } catch (error) {
    expectRefusal(error, ['BAD_MANIFEST']);
  }
}

function lookAt(descriptor: Descriptor): void {
  expectCleanText(platformName(descriptor.platform));
  platformRank(platformName(descriptor.platform), 'linux/arm/v7');
  platformRank('linux/arm/v7', platformName(descriptor.platform));
  clean(mediaTypeProblem(descriptor.mediaType, 'gzip'));
  attestedDigest(descriptor);
  annotatedName(descriptor);
  digestInPath(descriptor.digestText);
}

function asIndexed(value: unknown): void {
  parseIndex(value)?.manifests.forEach(lookAt);
  const indexed = parseIndexed(value);
  if (indexed?.kind === 'index') indexed.manifests.forEach(lookAt);
  if (indexed?.kind !== 'manifest') return;
  indexed.layers.forEach(lookAt);
  const by = parseDescriptor(value) ?? indexed.config ?? indexed.layers[0];
  mediaTypesOf(indexed);
  if (by === undefined) return;
  isArtifact(indexed, by);
  artifactTypeOf(indexed, by);
  subjectOf(indexed, by, [by.digestText]);
}

function asConfig(value: unknown): void {
  clean(imageConfigProblem(value));
  const config = parseImageConfig(value);
  expectCleanText(platformName(config.platform));
  clean(diffIdProblem(config, 2));
  clean(historyProblem(config.history, 2));
  createdByLayer(config.history, 3);
  compareConfigs(value, null);
  compareConfigs(CONFIG, value);
  if (compareConfigs(value, structuredClone(value)).length > 0) throw new Error('a config differs from itself');
}

function run(input: Uint8Array): void {
  let value: unknown;
  try {
    value = parseJson(input, 'index.json');
  } catch (error) {
    expectRefusal(error, ['BAD_MANIFEST']);
    return;
  }
  clean(dockerManifestProblem(value));
  tolerate(() =>
    parseDockerManifest(value).forEach(({ config, layers, layerSources }) => {
      for (const path of [config ?? '', ...layers]) digestInPath(path);
      layerSources.forEach(lookAt);
    }),
  );
  asIndexed(value);
  asConfig(value);
  parseRepositories(value);
  parseLegacyLayer('a', value);
}

const LAYER = new Uint8Array(1024);
const CONFIG = {
  ...imageConfig([LAYER]),
  config: {
    Env: ['PATH=/bin', 'A=b'],
    Cmd: ['sh'],
    Labels: { a: 'b' },
    ExposedPorts: { '80/tcp': {} },
    Volumes: { '/v': {} },
    Healthcheck: { Test: ['NONE'] },
  },
};

function seeds(): Uint8Array[] {
  const files = new Files();
  const image = ociImage(files, {
    layers: [
      { tar: LAYER, packed: 'gzip' },
      { tar: LAYER, packed: 'zstd' },
    ],
    annotations: { 'org.opencontainers.image.ref.name': 'a:1', 'vnd.docker.reference.digest': 'sha256:0' },
    platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
  });
  const maps = [
    ociLayout(files, [image, ociIndex(files, [image])]),
    dockerArchive([{ layers: [LAYER, LAYER] }]),
    legacyArchive([LAYER, LAYER]),
  ];
  const documents = maps.flatMap((map) => [...map].filter(([, bytes]) => bytes[0] === 0x7b || bytes[0] === 0x5b).map(([, bytes]) => bytes));
  const shared = sharedFiles('corpus/go-containerregistry', 20_000).filter((bytes) => bytes[0] === 0x7b || bytes[0] === 0x5b);
  return [...documents, json(CONFIG), ...shared];
}

export const target: Target = {
  name: 'manifests',
  seeds,
  tokens: JSON_TOKENS,
  mutate: mutateJson,
  open: () => session(run),
};
