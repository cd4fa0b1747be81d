// The SBOM of a package, as CycloneDX 1.6 in JSON. The same input produces the same bytes.
import { createHash } from 'node:crypto';
import type { Component } from './components.ts';

/** Returns the reference of a component within the document. */
function refOf({ kind, name, version, within }: Component): string {
  if (kind === 'npm') return `pkg:npm/${name.replace('@', '%40')}@${version}`;
  return within === null ? `pkg:generic/${name}@${version}` : `${within}/${name}@${version}`;
}

/** CycloneDX's form of an SPDX expression, or of a licence that has no SPDX identifier. */
function licences(licence: string | null): readonly unknown[] {
  if (licence === null) return [];
  if (/^[\w.+-]+$/.test(licence)) return [{ license: { id: licence } }];
  return /^[\w.+() -]+$/.test(licence) && / (OR|AND|WITH) /.test(licence) ? [{ expression: licence }] : [{ license: { name: licence } }];
}

function entry(component: Component): Record<string, unknown> {
  const { kind, name, version, licence, where, sha512, within } = component;
  const [, scope, plain] = /^(?:(@[^/]+)\/)?(.+)$/.exec(name) ?? [];
  const stated = licences(licence);
  return {
    type:
      kind === 'npm' ? 'library' : kind === 'runtime' && name === 'electron' ? 'framework' : kind === 'runtime' ? 'platform' : 'library',
    'bom-ref': refOf(component),
    ...(kind === 'npm' && scope !== undefined ? { group: scope, name: plain } : { name }),
    version,
    scope: 'required',
    ...(sha512 === null ? {} : { hashes: [{ alg: 'SHA-512', content: sha512 }] }),
    ...(stated.length === 0 ? {} : { licenses: stated }),
    purl: kind === 'npm' ? refOf(component) : `pkg:generic/${name}@${encodeURIComponent(version)}`,
    properties: [
      ...where.map((value) => ({ name: 'layerscope:in', value })),
      ...(within === null ? [] : [{ name: 'layerscope:within', value: within }]),
    ],
  };
}

/** Returns a UUID derived from the text. */
function uuidOf(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Returns the document for a program with the given components. */
export function sbom(
  program: { readonly name: string; readonly version: string; readonly licence: string },
  all: readonly Component[],
): string {
  const { name, version, licence } = program;
  const ref = `pkg:generic/${name}@${version}`;
  const dependsOn = all.filter(({ within }) => within === null).map(refOf);
  const contents = {
    metadata: { component: { type: 'application', 'bom-ref': ref, name, version, licenses: licences(licence), purl: ref } },
    components: all.map(entry),
    dependencies: [
      { ref, dependsOn },
      ...all
        .filter(({ kind }) => kind === 'runtime')
        .map((runtime) => ({
          ref: refOf(runtime),
          dependsOn: all.filter(({ within, where }) => within === runtime.name && where.join() === runtime.where.join()).map(refOf),
        })),
    ],
  };
  const serialNumber = `urn:uuid:${uuidOf(JSON.stringify(contents))}`;
  const head = { $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json', bomFormat: 'CycloneDX', specVersion: '1.6' };
  return `${JSON.stringify({ ...head, serialNumber, version: 1, ...contents }, null, 2)}\n`;
}
