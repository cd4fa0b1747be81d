import type { ArchiveSummary } from '#contract';
import { type ArtifactReport, displayText, FINDING_HINTS, formatSize, shortDigest } from '#model';
import { Icon } from '../../components/icons.tsx';
import { artifactTitle } from '../../state/library.ts';
import item from '../list-item.module.css';

/** Lists what an archive holds besides images. Artifacts can't be opened. */
export function ArtifactList({ artifacts }: { artifacts: readonly ArtifactReport[] }) {
  return (
    <ul aria-label="Artifacts">
      {artifacts.map((artifact) => (
        <li key={artifact.index} className={`${item.artifact} selectable`} title={artifact.digest}>
          <Icon name="file" className={item.icon ?? ''} />
          <span className={item.words}>
            <span className={item.title}>{artifactTitle(artifact)}</span>
            <span className={item.sub}>
              {artifact.artifactType === null ? 'artifact' : displayText(artifact.artifactType)} · {formatSize(artifact.bytes)}
            </span>
            {artifact.mediaTypes
              .filter((type) => type !== artifact.artifactType)
              .map((type) => (
                <span key={type} className={item.sub} title={displayText(type)}>
                  {displayText(type)}
                </span>
              ))}
            {artifact.subject === null ? null : (
              <span className={item.sub} title={displayText(artifact.subject)}>
                about {shortDigest(displayText(artifact.subject))}
              </span>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** The error that keeps an archive from showing an image, if there is one. */
export function NoImageReason({ archive }: { archive: ArchiveSummary }) {
  const finding = archive.findings.find(({ severity }) => severity === 'error');
  if (finding === undefined) return null;
  const { title, hint } = FINDING_HINTS[finding.code];
  return (
    <p className={`${item.reason} selectable`}>
      <strong>{title}.</strong> {displayText(finding.message)}. {hint}
    </p>
  );
}
