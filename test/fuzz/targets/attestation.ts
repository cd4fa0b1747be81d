// Statements, envelopes, provenances, SBOMs and signed payloads: read as far as possible, or refused with a clean one-line message.
import assert from 'node:assert/strict';
import {
  compareSbom,
  LayerOrigins,
  matchDockerfile,
  parseProvenance,
  parseSbom,
  parseStatement,
  parseStatementHead,
  signedPayload,
} from '#format/attestation';
import { parseJson } from '#format/image';
import { slsaPredicate, statement } from '../../support/attestation-builder.ts';
import { json } from '../../support/image-builder.ts';
import { expectRefusal } from '../engine/finding.ts';
import { JSON_TOKENS, mutateJson } from '../engine/mutate-json.ts';
import { session, type Target } from '../engine/target.ts';

const LAYERS = ['a', 'b', 'c'];

const noRest = async (): Promise<void> => {};

async function lookAt(value: unknown): Promise<void> {
  const parsed = parseStatement(value);
  const provenance = parsed === null ? null : parseProvenance(parsed);
  const steps = provenance?.steps ?? null;
  if (steps !== null) {
    const lines = steps.file?.lines ?? [];
    for (const digests of [LAYERS, ['x', 'y', 'z'], ['a', null]]) {
      const origins = new LayerOrigins(steps, digests);
      for (const [layer] of digests.entries()) {
        const { dockerfile, base } = await origins.of(layer, noRest);
        assert.ok(dockerfile === null || base === null, 'a layer of a base image with lines');
        let end = -1;
        for (const [first, last] of dockerfile?.lines ?? []) {
          assert.ok(first > end + 1 && last >= first && last <= lines.length, 'ranges are sorted, apart and inside the file');
          end = last;
        }
      }
    }
    const text = lines.join('\n');
    const guesses = await matchDockerfile(text, ['RUN a', 'COPY b /c', null], noRest);
    for (const guess of guesses) if (guess !== null) assert.ok(guess.lines.length > 0);
  }
  const sbom = parseSbom(parsed?.predicate ?? value);
  if (sbom === null) return;
  const { onlyStated, same, notCompared } = compareSbom(sbom.packages, [], new Set(['deb', 'npm']));
  assert.ok(same === 0 && onlyStated.length + notCompared <= sbom.packages.length);
}

async function run(input: Uint8Array): Promise<void> {
  parseStatementHead(input);
  signedPayload(input, []);
  signedPayload(input, ['eHl6', '!']);
  try {
    await lookAt(parseJson(input, 'a statement'));
  } catch (error) {
    expectRefusal(error, ['BAD_MANIFEST', 'TOO_LARGE']);
  }
}

const DOCKERFILE = 'FROM x AS a\nRUN a \\\n  b\nFROM a\nCOPY --from=a b /c\nRUN <<EOF\na\nEOF\n';
const STEPS = {
  step0: { source: 'docker-image://x', lines: [[1, 1]] as const, layers: [['a']] },
  step1: { inputs: ['step0'], lines: [[2, 3]] as const },
  step2: { inputs: ['step0', 'step1'], lines: [[5, 5]] as const, layers: [['a', 'b']] },
  step3: { inputs: ['step2'], lines: [[6, 8]] as const, layers: [['a', 'b', 'c']] },
};
const DIGEST = `sha256:${'a'.repeat(64)}`;
const V1 = statement(DIGEST, 'https://slsa.dev/provenance/v1', slsaPredicate('v1', DOCKERFILE, STEPS));
const SPDX = {
  spdxVersion: 'SPDX-2.3',
  packages: [{ name: 'a', externalRefs: [{ referenceType: 'purl', referenceLocator: 'pkg:deb/a@1' }] }],
};
const CYCLONEDX = { bomFormat: 'CycloneDX', components: [{ name: 'a', purl: 'pkg:npm/%40a/b@1?arch=x', components: [{ name: 'c' }] }] };

export const target: Target = {
  name: 'attestation',
  seeds: () => [
    json(V1),
    json(statement(DIGEST, 'https://slsa.dev/provenance/v0.2', slsaPredicate('v0.2', DOCKERFILE, STEPS))),
    json(statement(DIGEST, 'https://spdx.dev/Document', SPDX)),
    json(statement(DIGEST, 'https://cyclonedx.org/bom', CYCLONEDX)),
    json({ payloadType: 'x', payload: Buffer.from(json(V1)).toString('base64'), signatures: [{ sig: 'eA==' }] }),
    json({ critical: { image: { 'docker-manifest-digest': DIGEST } } }),
  ],
  tokens: JSON_TOKENS,
  mutate: mutateJson,
  maxBytes: 16 * 1024,
  batch: 32,
  open: () => session(run),
};
