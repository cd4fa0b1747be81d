import type { DockerfileReport, LineRange, PackageOwner, PathVersionReport } from '#contract';
import { displayText, toHex, unescapePath } from '#model';
import { Button, IconButton } from '../../components/button.tsx';
import { FirstItems } from '../../components/first-items.tsx';
import { Mark } from '../../components/mark.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { plainCommand } from '../../state/chain.ts';
import { chooseDockerfile, forgetDockerfile } from '../../state/dockerfile.ts';
import { hintFor } from '../../state/plain-error.ts';
import { type Selection, viewsOfSelection } from '../../state/selection.ts';
import { showPackage } from '../../state/show-package.ts';
import { drawnText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { useApp } from '../use-app.ts';
import { useRequest } from '../use-request.ts';
import facts from './facts.module.css';
import { Fact, Facts } from './facts.tsx';
import { LineList } from './line-list.tsx';
import styles from './origin-tab.module.css';
import { SideNote } from './side-layers.tsx';

/** Goes to a layer and a path in it. */
type GoTo = (layer: number, path: string) => void;

/** Where the selected path comes from: every layer that touched it, and what created each of those layers. */
export function OriginTab({
  path,
  of,
  side,
  onLayer,
}: {
  path: string;
  of: Pick<Selection, 'archiveId' | 'image'>;
  side: 'A' | 'B' | null;
  onLayer: GoTo;
}) {
  const dockerfile = useApp((app) => app.dockerfile);
  const { archiveId, image } = of;
  const pathHex = toHex(unescapePath(path));
  const key = archiveId === null ? null : `${archiveId}/${image}/${pathHex}/${dockerfile?.name ?? ''}/${dockerfile?.text ?? ''}`;
  const answer = useRequest(key, (client, signal) =>
    client.call('entry.origin', { archiveId: archiveId ?? '', image, pathHex, dockerfile }, { signal }),
  );
  if (answer.state === 'failed')
    return (
      <Notice icon="error" title={words.origin.failed} tone="error">
        <ErrorText error={answer.error} hint={hintFor(answer.error)} />
      </Notice>
    );
  if (answer.state !== 'ready') return null;
  const { versions, package: owner, inFolder } = answer.value;
  const lacksLines = versions.some(({ dockerfile: lines, base }) => lines === null && base === null);
  const without = versions.filter(isWithoutLines);
  return (
    <div className={styles.body}>
      <SideNote side={side} />
      {owner === null && inFolder === undefined ? null : (
        <Facts>
          {owner === null ? null : (
            <Fact label={words.origin.labels.package}>
              <PackageLink owner={owner} />
            </Fact>
          )}
          {inFolder === undefined || inFolder.count === 0 ? null : (
            <Fact label={words.origin.labels.filesOf}>
              {words.origin.others(inFolder.packages.slice(0, SHOWN_PACKAGES).map(packageName), inFolder.count)}
            </Fact>
          )}
        </Facts>
      )}
      <ol className={styles.versions} aria-label={words.origin.versions}>
        <FirstItems items={[...versions].reverse()}>
          {(version) => (
            <li key={version.layer} className={styles.version}>
              <Version version={version} path={path} mostLines={versions.length > MANY ? MANY : undefined} onLayer={onLayer} />
            </li>
          )}
        </FirstItems>
      </ol>
      {without.length === 0 ? null : (
        <p className={styles.note}>{whyNoLines(without, versions.length, dockerfile === null ? null : displayText(dockerfile.name))}</p>
      )}
      {lacksLines || dockerfile !== null ? (
        <div className={styles.choose}>
          <Button icon="file" onPress={chooseDockerfile}>
            {words.origin.choose}
          </Button>
          {dockerfile === null ? null : (
            <>
              <span className={styles.quiet}>{displayText(dockerfile.name)}</span>
              <IconButton small label={words.origin.forget(displayText(dockerfile.name))} icon="close" onPress={forgetDockerfile} />
            </>
          )}
        </div>
      ) : null}
    </div>
  );
}

/** Number of a folder's packages that are listed by name; the others are only counted. */
const SHOWN_PACKAGES = 5;

function packageName({ name, version }: PackageOwner): string {
  return displayText(drawnText(`${name} ${version}`));
}

/** A package, which leads to the list of packages. */
function PackageLink({ owner }: { owner: PackageOwner }) {
  const hasList = useApp((app) => viewsOfSelection(app.archives ?? [], app.selection).includes('packages'));
  const text = packageName(owner);
  if (!hasList) return text;
  return (
    <button type="button" className={facts.link} title={words.origin.showPackage(text)} onClick={() => showPackage(owner.name)}>
      {text}
    </button>
  );
}

/** Whether it isn't known which Dockerfile lines made a layer, or which image the layer comes from. */
function isWithoutLines({ dockerfile, base, guess }: PathVersionReport): boolean {
  return dockerfile === null && base === null && !guess;
}

/** Explains, once for all layers without lines, why they have none. `given`: the name of the Dockerfile that the user provided. */
function whyNoLines(without: readonly PathVersionReport[], layers: number, given: string | null): string {
  const isAll = without.length === layers;
  const isMatched = given !== null && without.some(({ guess }) => guess === null);
  if (given !== null && isMatched) return isAll ? words.origin.noMatch(given) : words.origin.noMatchForOthers(given);
  return isAll ? words.origin.noLines : words.origin.noLinesForOthers;
}

/** If there are more versions than this, only this many lines of each are listed at first. */
const MANY = 20;

function Version({
  version,
  path,
  mostLines,
  onLayer,
}: {
  version: PathVersionReport;
  path: string;
  mostLines: number | undefined;
  onLayer: GoTo;
}) {
  const { layer, kind, createdBy, dockerfile, base, guess } = version;
  const command = plainCommand(createdBy);
  return (
    <>
      <h3 className={styles.head}>
        <Mark name={kind} />
        <button type="button" className={styles.layer} onClick={() => onLayer(layer, path)}>
          {words.origin.version[kind](layer)}
        </button>
      </h3>
      {command === null ? null : <p className={`${styles.command} selectable`}>{displayText(command)}</p>}
      {base === null ? null : (
        <Facts>
          <Fact label={words.origin.labels.base} copy={base} mono>
            {displayText(drawnText(base))}
          </Fact>
        </Facts>
      )}
      {dockerfile === null ? null : (
        <>
          <Lines source={dockerfile} mostLines={mostLines} />
          {dockerfile.by === 'position' ? <p className={styles.note}>{words.origin.byPosition}</p> : null}
        </>
      )}
      {dockerfile !== null || !guess ? null : (
        <>
          <Lines source={guess} mostLines={mostLines} />
          <p className={styles.note}>{words.origin.guess}</p>
        </>
      )}
    </>
  );
}

/** The Dockerfile lines that made a layer. Below them are the lines, with their stages, that made what was copied or mounted. */
function Lines({ source, mostLines = 200 }: { source: Omit<DockerfileReport, 'by'>; mostLines?: number | undefined }) {
  const { file, lines, from, stage, stageBase, fromStages, fromStageBases, text, fromText } = source;
  const { origin } = words;
  const where = origin.lines(displayText(file), rangeWords(lines), lineCount(lines));
  const stages = fromStages.map((name, at) => stageName(name, fromStageBases[at] ?? null));
  return (
    <>
      <p className={styles.place}>{drawnText(origin.join([where, stage === null ? '' : stageName(stage, stageBase)]))}</p>
      <LineList ranges={lines} text={text} first={mostLines} />
      {from.length === 0 ? null : (
        <>
          <p className={`${styles.note} ${styles.from}`}>{drawnText(origin.fromStages(rangeWords(from), lineCount(from), stages))}</p>
          <LineList ranges={from} text={fromText} first={mostLines} />
        </>
      )}
    </>
  );
}

function stageName(name: string, base: string | null): string {
  return words.origin.stage(displayText(name), displayText(base ?? ''));
}

function rangeWords(ranges: readonly LineRange[]): string {
  return words.origin.ranges(ranges.map(([first, last]) => words.origin.range(first, last)));
}

function lineCount(ranges: readonly LineRange[]): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}
