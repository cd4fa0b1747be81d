// SLSA provenance says how something was built. The two versions name the same facts differently:
//
//   v1                                        v0.2                    here
//   runDetails.builder.id                     builder.id              builder
//   buildDefinition.buildType                 buildType               buildType
//   buildDefinition.externalParameters        invocation              source, parameters
//   buildDefinition.resolvedDependencies      materials               materials
//   runDetails.metadata.startedOn             metadata.buildStartedOn started
//
// BuildKit adds its own metadata and, in mode `max`, the build's steps (build-steps.ts).
//
// Source: slsa.dev/spec/v1.0/provenance and v0.2; BuildKit docs/attestations/slsa-definitions.md.
import { asArray, asObject, asText, type JsonObject } from '#format/image';
import { type BuildSteps, parseBuildSteps } from './build-steps.ts';
import type { Statement } from './statement.ts';

/** Limits on what is kept from one document. */
const MAX_MATERIALS = 10_000;
const MAX_PARAMETERS = 1_000;
/** Maximum length of a parameter that is kept. */
const MAX_VALUE = 4_000;

/** What a provenance states. All strings are as stated, not safe to print. */
export interface Provenance {
  readonly version: 'v1' | 'v0.2';
  /** URI of the builder, such as a CI run. */
  readonly builder: string | null;
  readonly buildType: string | null;
  /** Where the sources came from: a repository's URI, its revision, and the path in it of the file that defines the build. */
  readonly source: { readonly uri: string | null; readonly revision: string | null; readonly path: string | null };
  /** Build arguments and other options; values that aren't text are JSON. */
  readonly parameters: readonly { readonly name: string; readonly value: string }[];
  /** What the build used: base images, repositories, downloads. */
  readonly materials: readonly { readonly uri: string; readonly digest: string | null }[];
  readonly started: string | null;
  readonly finished: string | null;
  /** Null unless BuildKit wrote it in mode `max`. */
  readonly steps: BuildSteps | null;
}

/** Whether statements of this predicate type are provenances. */
export function isProvenanceType(predicateType: string | null): boolean {
  return (predicateType ?? '').includes('slsa.dev/provenance');
}

/** Reads the provenance in a statement; null if the statement has another predicate type. */
export function parseProvenance({ predicateType, predicate }: Statement): Provenance | null {
  if (!isProvenanceType(predicateType)) return null;
  return predicate.buildDefinition === undefined ? older(predicate) : newer(predicate);
}

function field(object: unknown, ...names: readonly string[]): unknown {
  let value = object;
  for (const name of names) {
    const parent = asObject(value);
    value = parent !== null && Object.hasOwn(parent, name) ? parent[name] : undefined;
  }
  return value;
}

function newer(predicate: JsonObject): Provenance {
  const definition = asObject(predicate.buildDefinition);
  const metadata = field(predicate, 'runDetails', 'metadata');
  const kit = field(metadata, 'buildkit_metadata');
  const external = field(definition, 'externalParameters');
  return {
    version: 'v1',
    builder: asText(field(predicate, 'runDetails', 'builder', 'id')),
    buildType: asText(definition?.buildType),
    source: sourceOf(kit, field(external, 'configSource'), 'path'),
    parameters: parametersOf(field(external, 'request')),
    materials: materialsOf(definition?.resolvedDependencies),
    started: asText(field(metadata, 'startedOn')),
    finished: asText(field(metadata, 'finishedOn')),
    steps: parseBuildSteps(kit, field(definition, 'internalParameters', 'buildConfig', 'llbDefinition')),
  };
}

function older(predicate: JsonObject): Provenance {
  const { metadata } = predicate;
  const kit = field(metadata, 'https://mobyproject.org/buildkit@v1#metadata');
  return {
    version: 'v0.2',
    builder: asText(field(predicate, 'builder', 'id')),
    buildType: asText(predicate.buildType),
    source: sourceOf(kit, field(predicate, 'invocation', 'configSource'), 'entryPoint'),
    parameters: parametersOf(field(predicate, 'invocation', 'parameters')),
    materials: materialsOf(predicate.materials),
    started: asText(field(metadata, 'buildStartedOn')),
    finished: asText(field(metadata, 'buildFinishedOn')),
    steps: parseBuildSteps(kit, field(predicate, 'buildConfig', 'llbDefinition')),
  };
}

function sourceOf(kit: unknown, config: unknown, path: string): Provenance['source'] {
  return {
    uri: asText(field(kit, 'vcs', 'source')) ?? asText(field(config, 'uri')),
    revision: asText(field(kit, 'vcs', 'revision')) ?? digestOf(field(config, 'digest')),
    path: asText(field(config, path)),
  };
}

/** Returns the fields of the request, with its `args` listed under their own names. */
function parametersOf(request: unknown): Provenance['parameters'] {
  const fields = Object.entries(asObject(request) ?? {}).flatMap(([name, value]) =>
    name === 'args' || name === 'root' ? [] : [{ name, value }],
  );
  const args = Object.entries(asObject(field(request, 'args')) ?? {}).map(([name, value]) => ({ name, value }));
  return [...fields, ...args].slice(0, MAX_PARAMETERS).map(({ name, value }) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return { name, value: text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text };
  });
}

function materialsOf(value: unknown): Provenance['materials'] {
  return asArray(value)
    .slice(0, MAX_MATERIALS)
    .map((each) => ({ uri: asText(field(each, 'uri')) ?? '', digest: digestOf(field(each, 'digest')) }))
    .filter(({ uri, digest }) => uri !== '' || digest !== null);
}

/** Returns the first digest in a set: `sha256:…`. */
function digestOf(value: unknown): string | null {
  for (const [algorithm, hex] of Object.entries(asObject(value) ?? {})) if (typeof hex === 'string') return `${algorithm}:${hex}`;
  return null;
}
