// Bills of materials, as far as names, versions and counts:
//
//   SPDX 2       { "spdxVersion", "name", "creationInfo": { "created", "creators" }, "packages": [ { "name", "versionInfo",
//                "licenseDeclared", "externalRefs": [ { "referenceType": "purl", "referenceLocator" } ] } ], "files", "relationships" }
//   CycloneDX 1  { "bomFormat", "specVersion", "metadata": { "timestamp", "tools", "component" }, "components": [ { "type", "name",
//                "group", "version", "purl", "licenses", "components" } ], "dependencies" }
//
// Source: SPDX 2.3 JSON schema; CycloneDX 1.6 JSON schema.
import { asArray, asObject, asText, asTexts, type JsonObject } from '#format/image';
import { LayerscopeError } from '#model';

/**
 * Maximum number of packages in an SBOM; parsed packages take far more memory than their JSON. An image with a whole distribution has a few
 * thousand.
 */
const MAX_PACKAGES = 200_000;

/** A package that an SBOM lists. Strings are as stated, not safe to print. */
export interface SbomPackage {
  readonly name: string;
  readonly version: string | null;
  /** Package URL. */
  readonly purl: string | null;
  readonly license: string | null;
}

export interface Sbom {
  readonly format: 'SPDX' | 'CycloneDX';
  readonly version: string | null;
  readonly name: string | null;
  readonly created: string | null;
  readonly tools: readonly string[];
  readonly packages: readonly SbomPackage[];
  readonly files: number;
  /** Number of relationships or dependencies. */
  readonly relationships: number;
}

/** Reads an SBOM from its parsed document; null if it is neither SPDX 2 in JSON nor CycloneDX. Throws TOO_LARGE. */
export function parseSbom(document: unknown): Sbom | null {
  const object = asObject(document);
  if (object === null) return null;
  if (asText(object.spdxVersion) !== null) return readSpdx(object);
  return object.bomFormat === 'CycloneDX' ? readCycloneDx(object) : null;
}

function readSpdx(object: JsonObject): Sbom {
  const info = asObject(object.creationInfo);
  return {
    format: 'SPDX',
    version: asText(object.spdxVersion)?.replace(/^SPDX-/, '') ?? null,
    name: asText(object.name),
    created: asText(info?.created),
    tools: asTexts(info?.creators).flatMap((creator) => (creator.startsWith('Tool: ') ? [creator.slice('Tool: '.length)] : [])),
    packages: bounded(asArray(object.packages)).flatMap(spdxPackage),
    files: asArray(object.files).length,
    relationships: asArray(object.relationships).length,
  };
}

/** Throws TOO_LARGE for too many packages, because comparing only some of them would report the others as missing. */
function bounded<T>(packages: readonly T[]): readonly T[] {
  if (packages.length > MAX_PACKAGES) throw new LayerscopeError('TOO_LARGE', `the SBOM lists more than ${MAX_PACKAGES} packages`);
  return packages;
}

function spdxPackage(value: unknown): SbomPackage[] {
  const object = asObject(value);
  const name = asText(object?.name);
  if (object === null || name === null) return [];
  const reference = asArray(object.externalRefs).find((each) => asObject(each)?.referenceType === 'purl');
  const license = [object.licenseDeclared, object.licenseConcluded].map(asText).find((text) => text !== null && !NO_LICENSE.has(text));
  return [{ name, version: asText(object.versionInfo), purl: asText(asObject(reference)?.referenceLocator), license: license ?? null }];
}

const NO_LICENSE: ReadonlySet<string> = new Set(['NOASSERTION', 'NONE']);

function readCycloneDx(object: JsonObject): Sbom {
  const metadata = asObject(object.metadata);
  const components = allComponents(object.components);
  return {
    format: 'CycloneDX',
    version: asText(object.specVersion),
    name: asText(asObject(metadata?.component)?.name),
    created: asText(metadata?.timestamp),
    tools: toolNames(metadata?.tools),
    packages: bounded(components.filter(({ type }) => !NOT_PACKAGES.has(type))).flatMap(cycloneDxPackage),
    files: components.filter(({ type }) => type === 'file').length,
    relationships: asArray(object.dependencies).length,
  };
}

/** Types of components that aren't packages. */
const NOT_PACKAGES: ReadonlySet<unknown> = new Set(['file', 'operating-system', 'cryptographic-asset', 'data']);

/** Returns the components, including nested ones. */
function allComponents(value: unknown): JsonObject[] {
  const found: JsonObject[] = [];
  const todo: unknown[] = [...asArray(value)].reverse();
  for (let each = todo.pop(); each !== undefined; each = todo.pop()) {
    const component = asObject(each);
    if (component === null) continue;
    found.push(component);
    for (const inner of asArray(component.components)) todo.push(inner);
  }
  return found;
}

function cycloneDxPackage(component: JsonObject): SbomPackage[] {
  const name = asText(component.name);
  if (name === null) return [];
  const group = asText(component.group);
  const license = asObject(asArray(component.licenses)[0]);
  const inner = asObject(license?.license);
  return [
    {
      name: group === null ? name : `${group}/${name}`,
      version: asText(component.version),
      purl: asText(component.purl),
      license: asText(license?.expression) ?? asText(inner?.id) ?? asText(inner?.name),
    },
  ];
}

/** Returns the names of tools, which are a list or, since CycloneDX 1.5, an object with components. */
function toolNames(value: unknown): string[] {
  const list = Array.isArray(value) ? value : asArray(asObject(value)?.components);
  return list.flatMap((tool) => {
    const name = asText(asObject(tool)?.name);
    const version = asText(asObject(tool)?.version);
    return name === null ? [] : [version === null ? name : `${name} ${version}`];
  });
}
