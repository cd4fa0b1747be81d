import type { ArchiveSummary } from '#contract';
import { type ArtifactReport, displayText, shortDigest } from '#model';
import { FirstItems } from '../../components/first-items.tsx';
import { Icon } from '../../components/icons.tsx';
import { artifactTitle } from '../../state/library.ts';
import { drawnText, lineText, titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { formatSize } from '../../words/numbers.ts';
import item from '../list-item.module.css';
import { ArtifactFiles } from './artifact-files.tsx';

/** Number of an artifact's types that are listed; real artifacts have one or two. */
const MOST_TYPES = 20;

/** The artifacts that an archive contains besides images. Their files can be viewed. */
export function ArtifactList({ archiveId, artifacts }: { archiveId: string; artifacts: readonly ArtifactReport[] }) {
  return (
    <ul aria-label={words.library.artifacts}>
      <FirstItems items={artifacts}>
        {(artifact) => (
          <li key={artifact.index} className={`${item.artifact} selectable`} title={artifact.digest}>
            <Icon name="file" className={item.icon ?? ''} />
            <span className={item.words}>
              <span className={item.title}>{lineText(artifactTitle(artifact), artifacts.length)}</span>
              <span className={item.sub}>
                {words.origin.artifactKinds[artifact.kind]} · {formatSize(artifact.bytes)}
              </span>
              {[...new Set([artifact.artifactType ?? '', ...artifact.mediaTypes, ...artifact.predicateTypes])]
                .filter((type) => type !== '')
                .slice(0, MOST_TYPES)
                .map((type) => (
                  <span key={type} className={item.sub} title={displayText(titleText(type))}>
                    {displayText(lineText(type, artifacts.length * MOST_TYPES))}
                  </span>
                ))}
              {artifact.subject === null ? null : (
                <span className={item.sub} title={displayText(titleText(artifact.subject))}>
                  {attachedWords(artifact.subject, artifact.subjectHere)}
                </span>
              )}
              <ArtifactFiles archiveId={archiveId} artifact={artifact} />
            </span>
          </li>
        )}
      </FirstItems>
    </ul>
  );
}

function attachedWords(subject: string, isHere = true): string {
  const digest = shortDigest(displayText(subject));
  return isHere ? words.library.attachedTo(digest) : words.origin.absentSubject(digest);
}

/** Why an archive shows no images: an error, or a note that it contains none. */
export function NoImageReason({ archive }: { archive: ArchiveSummary }) {
  const finding = archive.findings.find(({ severity }) => severity === 'error');
  if (finding === undefined)
    return archive.artifacts === undefined ? <p className={`${item.reason} selectable`}>{words.library.noImageWhy}</p> : null;
  const { title, hint } = words.findings.codes[finding.code];
  return (
    <p className={`${item.reason} selectable`}>
      <strong>{title}.</strong> {displayText(drawnText(finding.message))}. {hint}
    </p>
  );
}
