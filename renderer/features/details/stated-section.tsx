import type { ArchiveSummary, ImageSummary, ProvenanceReport, SbomReport, StatedReport } from '#contract';
import { displayText } from '#model';
import { FirstItems } from '../../components/first-items.tsx';
import { ErrorText } from '../../components/notice.tsx';
import { hintFor } from '../../state/plain-error.ts';
import { drawnText, lineText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { useRequest } from '../use-request.ts';
import { Fact, Facts, Section } from './facts.tsx';
import { LineList } from './line-list.tsx';
import styles from './stated-section.module.css';

/** Attestations and signatures of an image. */
export function StatedSection({ archive, image }: { archive: ArchiveSummary; image: ImageSummary }) {
  const { archiveId } = archive;
  const key = image.attestations.length === 0 ? null : `${archiveId}/${image.index}`;
  const answer = useRequest(key, (client, signal) => client.call('image.stated', { archiveId, image: image.index }, { signal }));
  const signatures = (archive.artifacts ?? []).filter(
    ({ kind, subject }) => kind === 'signature' && subject !== null && subject === image.manifestDigest,
  );
  if (key === null && signatures.length === 0) return null;
  return (
    <Section title={words.origin.stated}>
      <p className={styles.note}>{words.origin.statedWhy}</p>
      {signatures.length === 0 ? null : (
        <p className={styles.signatures}>
          {words.origin.signatures(signatures.length)} <span className={styles.note}>{words.origin.signatureHint}</span>
        </p>
      )}
      {answer.state === 'failed' ? <ErrorText error={answer.error} hint={hintFor(answer.error)} /> : null}
      {answer.state === 'ready' ? (
        <FirstItems items={answer.value.attestations} as="p">
          {(stated, at) => <Stated key={at} stated={stated} />}
        </FirstItems>
      ) : null}
    </Section>
  );
}

function titleOf({ provenance, sbom, predicateType }: StatedReport): string {
  const { kinds } = words.origin;
  if (provenance !== null) return kinds.provenance(provenance.version);
  if (sbom !== null) return kinds.sbom(lineText(sbom.format), lineText(sbom.version ?? ''));
  return predicateType === null ? words.origin.unknownType : displayText(drawnText(predicateType));
}

function Stated({ stated }: { stated: StatedReport }) {
  const { provenance, sbom, status, matches, problem } = stated;
  const warnings = [status === 'present' ? '' : words.origin.status[status], status === 'present' && !matches ? words.origin.notAbout : ''];
  return (
    <details className={styles.statement}>
      <summary>
        {titleOf(stated)}
        {warnings.map((text) =>
          text === '' ? null : (
            <span key={text} className={styles.warning}>
              {' '}
              · {text}
            </span>
          ),
        )}
        {provenance?.dockerfile == null ? null : <span className={styles.note}> · {words.origin.modeMax}</span>}
        {sbom === null ? null : <span className={styles.note}> · {words.origin.countPackages(sbom.packageCount)}</span>}
      </summary>
      {problem === null ? null : <p className={styles.warning}>{displayText(drawnText(problem))}</p>}
      {provenance === null ? null : <Provenance provenance={provenance} />}
      {sbom === null ? null : <Sbom sbom={sbom} />}
      <Facts>
        <Fact label={words.origin.labels.digest} copy={stated.digest ?? stated.manifestDigest} mono>
          {stated.digest ?? stated.manifestDigest}
        </Fact>
      </Facts>
    </details>
  );
}

function Provenance({ provenance }: { provenance: ProvenanceReport }) {
  const { labels } = words.origin;
  const { builder, buildType, source, started, finished, parameters, materials, dockerfile } = provenance;
  return (
    <>
      <Facts>
        <Text label={labels.builder} text={builder} />
        <Text label={labels.source} text={source.uri} />
        <Text label={labels.revision} text={source.revision} />
        <Text label={labels.file} text={source.path} />
        <Text label={labels.started} text={started} />
        <Text label={labels.finished} text={finished} />
        <Texts label={labels.parameters} texts={parameters.map(({ name, value }) => `${name}=${value}`)} />
        <Texts
          label={labels.materials}
          texts={materials.map(({ uri, digest }) => [uri, digest ?? ''].filter((text) => text !== '').join(' '))}
        />
        <Text label={labels.buildType} text={buildType} />
      </Facts>
      {dockerfile === null ? null : (
        <details className={styles.inner}>
          <summary>{words.origin.dockerfile(dockerfile.name)}</summary>
          <LineList ranges={[[1, dockerfile.text.split('\n').length]]} text={dockerfile.text} />
        </details>
      )}
    </>
  );
}

function Sbom({ sbom }: { sbom: SbomReport }) {
  const { labels } = words.origin;
  const { tools, created, packages, packageCount, files } = sbom;
  return (
    <>
      <Facts>
        <Texts label={labels.tools} texts={tools} />
        <Text label={labels.created} text={created} />
        <Text label={labels.packages} text={String(packageCount)} />
        <Text label={labels.files} text={String(files)} />
      </Facts>
      {packages.length === 0 ? null : (
        <details className={styles.inner}>
          <summary>{words.origin.packageList}</summary>
          <table className={`${styles.packages} selectable`}>
            <tbody>
              {packages.map(({ name, version, license }, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: packages are never reordered, and may be equal
                <tr key={at}>
                  <th scope="row">{lineText(name, packages.length)}</th>
                  <td>{lineText(version ?? '', packages.length)}</td>
                  <td>{lineText(license ?? '', packages.length)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {packageCount > packages.length ? <p className={styles.note}>{words.andMore(packageCount - packages.length)}</p> : null}
        </details>
      )}
    </>
  );
}

function Text({ label, text }: { label: string; text: string | null }) {
  return text === null || text === '' ? null : <Fact label={label}>{drawnText(text)}</Fact>;
}

function Texts({ label, texts }: { label: string; texts: readonly string[] }) {
  if (texts.length === 0) return null;
  return (
    <Fact label={label} mono>
      <ul>
        <FirstItems items={texts}>{(text, at) => <li key={at}>{lineText(text, texts.length)}</li>}</FirstItems>
      </ul>
    </Fact>
  );
}
