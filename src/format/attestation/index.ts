/**
 * What is stated about an image: how it was built, what it contains, and who signed it.
 *
 * - **statement**: an in-toto document that says something (the predicate, of a predicate type) about subjects, which are digests.
 * - **envelope**: DSSE, a signed payload in base64; a Sigstore **bundle** contains one. Attestations of BuildKit are bare statements.
 * - **provenance**: a predicate of SLSA that says how something was built. BuildKit's, in mode `max`, has the Dockerfile, and the layers
 *   that each **step** made.
 * - **SBOM**: a list of packages, in SPDX or CycloneDX.
 *
 * Nothing here is verified: whoever can write the archive can write these documents. signed-payload.ts says which bytes a signature covers;
 * checking it is for callers with a key.
 *
 * Begin with statement.ts; then provenance.ts and layer-lines.ts, which leads from a layer to lines of the Dockerfile.
 */
export * from './compare-sbom.ts';
export * from './envelope.ts';
export * from './layer-lines.ts';
export * from './match-dockerfile.ts';
export * from './provenance.ts';
export * from './sbom.ts';
export * from './signed-payload.ts';
export * from './statement.ts';
