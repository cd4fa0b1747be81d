// Builds what BuildKit attaches to an image: statements, their manifest, and provenance in mode max.
import type { BuiltDescriptor, Files } from './image-builder.ts';
import { json } from './image-builder.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** A step of a build. */
export interface StepSpec {
  /** Dockerfile lines, as ranges. */
  readonly lines?: readonly (readonly [number, number])[];
  readonly inputs?: readonly string[];
  /** What the step gets from outside the build: a base image or a context. */
  readonly source?: string;
  /** The step's results, each as the digests of its layers. */
  readonly layers?: readonly (readonly string[])[];
}

/** Returns a provenance predicate with these steps. */
export function slsaPredicate(version: 'v1' | 'v0.2', dockerfile: string, steps: Readonly<Record<string, StepSpec>>): object {
  const range = ([first, last]: readonly [number, number]) => ({ start: { line: first }, end: { line: last } });
  const located = Object.entries(steps).map(([id, { lines }]) => [
    id,
    lines === undefined ? {} : { locations: lines.map((each) => ({ ranges: [range(each)] })) },
  ]);
  const layered = Object.entries(steps).filter(([, { layers }]) => layers !== undefined);
  const metadata = {
    vcs: { source: 'https://example.com/app.git', revision: 'f'.repeat(40) },
    source: {
      infos: [{ filename: 'Dockerfile', data: Buffer.from(dockerfile).toString('base64') }],
      locations: Object.fromEntries(located),
    },
    layers: Object.fromEntries(layered.map(([id, { layers }]) => [`${id}:0`, layers?.map((list) => list.map((digest) => ({ digest })))])),
  };
  const llbDefinition = Object.entries(steps).map(([id, { inputs, source }]) => ({
    id,
    op: { Op: source === undefined ? { exec: {} } : { source: { identifier: source } } },
    inputs: (inputs ?? []).map((input) => `${input}:0`),
  }));
  const materials = [{ uri: 'pkg:docker/alpine@3.20', digest: { sha256: '0'.repeat(64) } }];
  if (version === 'v1')
    return {
      buildDefinition: {
        buildType: 'https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md',
        externalParameters: { configSource: { path: 'Dockerfile' }, request: { frontend: 'dockerfile.v0', args: { 'build-arg:A': '1' } } },
        internalParameters: { buildConfig: { llbDefinition } },
        resolvedDependencies: materials,
      },
      runDetails: {
        builder: { id: 'https://example.com/run/1' },
        metadata: { startedOn: '2026-01-01T00:00:00Z', finishedOn: '2026-01-01T00:00:09Z', buildkit_metadata: metadata },
      },
    };
  return {
    builder: { id: 'https://example.com/run/1' },
    buildType: 'https://mobyproject.org/buildkit@v1',
    materials,
    invocation: { configSource: { entryPoint: 'Dockerfile' }, parameters: { frontend: 'dockerfile.v0', args: { 'build-arg:A': '1' } } },
    buildConfig: { llbDefinition },
    metadata: {
      buildStartedOn: '2026-01-01T00:00:00Z',
      buildFinishedOn: '2026-01-01T00:00:09Z',
      'https://mobyproject.org/buildkit@v1#metadata': metadata,
    },
  };
}

/** Returns an in-toto statement about a manifest. */
export function statement(digest: string, predicateType: string, predicate: object): object {
  const subject = [{ name: 'pkg:docker/app@1', digest: { sha256: digest.replace('sha256:', '') } }];
  return { _type: 'https://in-toto.io/Statement/v1', predicateType, subject, predicate };
}

/** Returns the manifest that attaches statements to an image, as an index entry. A string stands for a broken statement. */
export function attestationOf(files: Files, image: { digest: string }, statements: readonly (object | string)[]): BuiltDescriptor {
  const layers = statements.map((each) =>
    files.add(typeof each === 'string' ? Buffer.from(each) : json(each), 'application/vnd.in-toto+json'),
  );
  const config = files.add(json({}), 'application/vnd.oci.empty.v1+json');
  const artifactType = 'application/vnd.docker.attestation.manifest.v1+json';
  return {
    ...files.add(json({ schemaVersion: 2, mediaType: MANIFEST, artifactType, config, layers }), MANIFEST),
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': image.digest },
    platform: { os: 'unknown', architecture: 'unknown' },
  };
}
