// Attestations, signatures and other artifacts in the text output of `inspect`.
import { type ArtifactReport, type AttestationReport, formatSize, plural, shortDigest } from '#model';
import type { Style } from './style.ts';

/** Yields the number of an image's attestations, then one line for each. */
export function* attestationLines(attestations: readonly AttestationReport[], style: Style): Generator<string> {
  if (attestations.length === 0) return;
  yield `  ${plural(attestations.length, 'attestation')}`;
  for (const { manifestDigest, digest, predicateType, matches, status } of attestations) {
    const problem = status !== 'present' ? style.removed(status) : matches ? '' : style.modified('not known to be about this image');
    const facts = [predicateType ?? 'no stated type', problem, style.dim(shortDigest(digest ?? manifestDigest))];
    yield `    ${facts.filter((fact) => fact !== '').join('  ')}`;
  }
}

/** Yields lines about what an archive contains besides images. */
export function* artifactLines(artifacts: readonly ArtifactReport[], style: Style): Generator<string> {
  if (artifacts.length === 0) return;
  yield '';
  yield plural(artifacts.length, 'artifact');
  for (const artifact of artifacts) {
    const { index, names, digest, artifactType, mediaTypes, predicateTypes, subject, bytes } = artifact;
    const name = names.length > 0 ? names.join(', ') : shortDigest(digest);
    const facts = [formatSize(bytes), names.length > 0 ? shortDigest(digest) : ''].filter((fact) => fact !== '');
    yield `  ${style.dim(`${index}  `)}${style.bold(name)}  ${artifactType ?? 'no stated type'}  ${style.dim(facts.join('  '))}`;
    const signed = signatureWords(artifact);
    if (signed !== '') yield `       ${artifact.verified === true ? style.added(signed) : signed}`;
    for (const type of new Set([...mediaTypes, ...predicateTypes])) if (type !== artifactType) yield `       ${style.dim(type)}`;
    if (subject !== null) yield `       about ${subject}${artifact.subjectHere === false ? ', which is not in this archive' : ''}`;
  }
}

/** A signature is called verified only once it has been checked with a key. */
function signatureWords({ kind, verified }: ArtifactReport): string {
  if (verified === true) return `${kind}, verified with the key`;
  if (verified === false) return `${kind}, not verified: no signature by this key over that manifest`;
  return kind === 'signature' ? 'signature present, not verified' : kind === 'attestation' ? 'attestation, not verified' : '';
}
