import { counted, list } from './grammar.ts';

const PACKAGES = { one: 'package', other: 'packages' };

/** Where paths and layers come from, and what is stated about an image. */
export const origin = {
  versions: 'Versions of this path',
  showPackage: (name: string) => `Show ${name} in Packages`,
  failed: 'Could not find out where it comes from',
  version: {
    added: (layer: number) => `Added by layer ${layer}`,
    modified: (layer: number) => `Modified by layer ${layer}`,
    removed: (layer: number) => `Removed by layer ${layer}`,
  },
  labels: {
    base: 'Base image',
    package: 'Package',
    filesOf: 'Files of',
    builder: 'Builder',
    buildType: 'Build type',
    source: 'Source',
    revision: 'Revision',
    file: 'File',
    started: 'Started',
    finished: 'Finished',
    parameters: 'Parameters',
    materials: 'Materials',
    digest: 'Digest',
    tools: 'Made by',
    created: 'Created',
    packages: 'Packages',
    files: 'Files',
  },
  /** `lines` is, for example, `7` or `3–5, 9`. */
  lines: (file: string, lines: string, count: number) => `${file}, ${count === 1 ? 'line' : 'lines'} ${lines}`,
  range: (first: number, last: number) => (first === last ? String(first) : `${first}–${last}`),
  ranges: (ranges: readonly string[]) => ranges.join(', '),
  /** `base`: what the stage is built on; may be empty. */
  stage: (name: string, base: string) => (base === '' ? `in stage ${name}` : `in stage ${name} (FROM ${base})`),
  fromStages: (lines: string, count: number, stages: readonly string[]) =>
    `The files it copied or mounted come from ${count === 1 ? 'line' : 'lines'} ${lines}${stages.length === 0 ? '' : `, ${list(stages)}`}.`,
  byPosition: 'The layer was matched by position, because its digest isn’t in the provenance.',
  guess: 'A guess, because the commands match.',
  noLines: 'The image doesn’t record which Dockerfile lines made this layer.',
  noLinesForOthers: 'For the other layers, the image doesn’t record any Dockerfile lines.',
  noMatch: (file: string) => `No line in ${file} matches.`,
  noMatchForOthers: (file: string) => `No line in ${file} matches the other layers.`,
  choose: 'Find it in a Dockerfile…',
  forget: (file: string) => `Stop using ${file}`,
  taken: (file: string) => `The lines of ${file} are matched to the layers’ commands: see Origin in a file’s details.`,
  notRead: (file: string) => `${file} could not be read, or is too large for a Dockerfile.`,
  copyLines: 'Copy lines',

  stated: 'Attestations',
  statedWhy: 'Not verified: anyone who can write the image can write these.',
  unknownType: 'Attestation without a type',
  kinds: {
    provenance: (version: string) => `Provenance, SLSA ${version}`,
    sbom: (format: string, version: string) => `SBOM, ${format} ${version}`,
  },
  status: { missing: 'Missing from the archive', damaged: 'Damaged' },
  notAbout: 'May be about another image',
  modeMax: 'with the Dockerfile',
  countPackages: (count: number) => counted(count, PACKAGES),
  dockerfile: (name: string) => `The build’s ${name}`,
  packageList: 'Packages',
  signatures: (count: number) => `${counted(count, { one: 'signature', other: 'signatures' })} present, not verified`,
  signatureHint: 'layerscope inspect --key checks cosign signatures with a public key.',

  artifactKinds: { signature: 'signature', attestation: 'attestation', sbom: 'SBOM', chart: 'Helm chart', other: 'artifact' },
  absentSubject: (digest: string) => `attached to ${digest}, which is not in this archive`,
  filesOf: (artifact: string) => `Files of ${artifact}`,
  file: (number: number) => `File ${number}`,
  missingFile: 'not in the archive',
  /** Lists the first of `count` names. */
  others: (names: readonly string[], count: number) =>
    count > names.length ? `${names.join(', ')} and ${counted(count - names.length, { one: 'other', other: 'others' })}` : list(names),
  join: (facts: readonly string[]) => list(facts.filter((fact) => fact !== '')),
};
