import type { ArchiveArtifact, ArchiveAttestation } from '#archive';
import type { ArtifactReport, AttestationReport } from '#model';

/** An artifact as in `inspect --json`, without the locations of its files. */
export function artifactReport({ files: _, isSubjectIntact: __, ...report }: ArchiveArtifact): ArtifactReport {
  return report;
}

/** An attestation as in `inspect --json`, without its location. */
export function attestationReport({ source: _, ...report }: ArchiveAttestation): AttestationReport {
  return report;
}
