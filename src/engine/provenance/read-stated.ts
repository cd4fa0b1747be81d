import type { ArchiveAttestation } from '#archive';
import type { ProvenanceReport, SbomReport, StatedReport } from '#contract';
import { type Provenance, parseProvenance, parseSbom, type Sbom, type Statement } from '#format/attestation';
import { displayText } from '#model';
import { attestationReport } from '../image/stated-reports.ts';
import { walkStatements } from './walk-statements.ts';

/** Limits on what is shown from one statement. */
const MAX_PACKAGES = 2_000;
const MAX_LISTED = 500;
const MAX_LETTERS = 2_000;
const MAX_DOCKERFILE_LETTERS = 65_536;

/**
 * Reads the parts of statements that are shown. A statement that can't be read has a `problem` instead. Statements beyond the hundredth,
 * and those with the content of an earlier one, are only listed. Throws CANCELLED.
 */
export async function readStated(attestations: readonly ArchiveAttestation[], signal: AbortSignal): Promise<StatedReport[]> {
  const reports: StatedReport[] = [];
  for await (const { attestation, value, problem } of walkStatements(attestations, contentOf, { signal })) {
    reports.push({ ...attestationReport(attestation), ...(value ?? NOTHING), problem: problem?.message ?? null });
  }
  return reports;
}

type Content = Pick<StatedReport, 'provenance' | 'sbom'>;

const NOTHING: Content = { provenance: null, sbom: null };

function contentOf(statement: Statement): Content {
  const provenance = parseProvenance(statement);
  const sbom = parseSbom(statement.predicate);
  return { provenance: provenance === null ? null : provenanceReport(provenance), sbom: sbom === null ? null : sbomReport(sbom) };
}

function shown(text: string): string {
  return displayText(text.length > MAX_LETTERS ? `${text.slice(0, MAX_LETTERS)}…` : text);
}

function orNull(text: string | null): string | null {
  return text === null ? null : shown(text);
}

function provenanceReport({
  version,
  builder,
  buildType,
  source,
  parameters,
  materials,
  started,
  finished,
  steps,
}: Provenance): ProvenanceReport {
  const file = steps?.file ?? null;
  return {
    version,
    builder: orNull(builder),
    buildType: orNull(buildType),
    source: { uri: orNull(source.uri), revision: orNull(source.revision), path: orNull(source.path) },
    parameters: parameters.slice(0, MAX_LISTED).map(({ name, value }) => ({ name: shown(name), value: shown(value) })),
    materials: materials.slice(0, MAX_LISTED).map(({ uri, digest }) => ({ uri: shown(uri), digest: orNull(digest) })),
    started: orNull(started),
    finished: orNull(finished),
    dockerfile:
      file === null
        ? null
        : {
            name: shown(file.name),
            text: file.lines
              .map((line) => displayText(line))
              .join('\n')
              .slice(0, MAX_DOCKERFILE_LETTERS),
          },
  };
}

function sbomReport({ format, version, name, created, tools, packages, files }: Sbom): SbomReport {
  return {
    format,
    version: orNull(version),
    name: orNull(name),
    created: orNull(created),
    tools: tools.slice(0, MAX_LISTED).map(shown),
    packages: packages.slice(0, MAX_PACKAGES).map((each) => ({
      name: shown(each.name),
      version: orNull(each.version),
      license: orNull(each.license),
    })),
    packageCount: packages.length,
    files,
  };
}
