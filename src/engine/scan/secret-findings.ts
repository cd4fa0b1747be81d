import type { ArchiveImage, BodyHit, IndexedLayer } from '#archive';
import { type BodyFate, bodyFates, type Stack } from '#changes';
import { FLAG, nodePath } from '#format/layer';
import { displayPath, displayText, escapePath, FINDING_HINTS, type Finding, finding, unescapePath } from '#model';
import { type ConfigHit, type SecretHit, secretsOfConfig } from '#secrets';
import { configTexts } from './config-texts.ts';

/** Maximum length in a finding: of a path in bytes, of a name in UTF-16 units. */
const MAX_SHOWN = 4096;

interface PlacedHit {
  readonly hit: BodyHit;
  readonly layer: number;
  readonly path: string;
}

/**
 * Returns findings about the files of scanned layers, with `layer` set; a path that occurs twice in a layer is reported once for each code.
 */
export function fileFindings(indexed: readonly (IndexedLayer | null)[], stack: Stack): Finding[] {
  const placed: PlacedHit[] = [];
  const findings: Finding[] = [];
  const seen = new Set<string>();
  indexed.forEach((layer, index) => {
    if (!layer?.scan) return;
    const { table, scan } = layer;
    // Starts from the end, because the last entry of a path is the one that a container sees.
    for (const hit of scan.hits.toReversed()) {
      const node = pathNode(layer, hit.member);
      if (node === null) continue;
      const path = escapePath(nodePath(table, node).subarray(0, MAX_SHOWN));
      const key = `${index}\0${path}\0${hit.code}`;
      if (!seen.has(key)) placed.push({ hit, layer: index, path });
      seen.add(key);
    }
    for (const [code, count] of scan.leftOut) findings.push(finding(code, `${count} more of these not listed`, { layer: index }));
    for (const member of scan.cut) {
      const node = pathNode(layer, member);
      const path = node === null ? {} : { path: escapePath(nodePath(table, node).subarray(0, MAX_SHOWN)) };
      findings.push(finding('scan-limit', 'only the first part of the file was searched', { layer: index, ...path }));
    }
  });
  const fates = bodyFates(
    stack,
    placed.map(({ hit, layer }) => ({ layer, member: hit.member })),
  );
  return [...placed.map((each, at) => fileFinding(each, fates[at] as BodyFate)), ...findings];
}

/** Returns the node of a member that is part of the view, or was before a later member replaced it; null for others. */
function pathNode({ table }: IndexedLayer, member: number): number | null {
  if (member >= table.memberCount || ((table.flags[member] as number) & (FLAG.rawOnly | FLAG.whiteout | FLAG.opaque)) !== 0) return null;
  return table.node[member] as number;
}

function fileFinding({ hit, layer, path }: PlacedHit, { isVisible, hiddenIn }: BodyFate): Finding {
  const { code, severity, line, shown, encrypted, offset, packed, inside } = hit;
  const fate =
    hiddenIn === null
      ? ''
      : hiddenIn === layer
        ? `; replaced in its own layer, still readable there`
        : `; removed in layer ${hiddenIn}, still readable in layer ${layer}`;
  return {
    severity,
    code,
    layer,
    path,
    offset,
    where: 'file',
    ...(line === undefined ? {} : { line }),
    ...(packed === undefined ? {} : { packed }),
    ...(inside === undefined ? {} : { inside }),
    ...(shown === undefined ? {} : { shown: displayText(shown) }),
    visible: isVisible,
    ...(hiddenIn === null ? {} : { removedIn: hiddenIn }),
    ...(encrypted === undefined ? {} : { encrypted }),
    message: `${whatWords(hit)}${line === undefined ? '' : ` on line ${line}`}${packedWords(hit)}${fate}`,
  };
}

/** Describes where a secret is in a compressed file's contents. */
function packedWords({ packed, inside }: BodyHit): string {
  if (packed === undefined) return '';
  return inside === undefined ? ' of its unpacked contents' : ` of ${displayPath(unescapePath(inside))} in the packed tar`;
}

/** Returns findings about the image's config. `layer` is set for history steps that made a layer. */
export function configFindings(image: ArchiveImage): Finding[] {
  const texts = configTexts(image);
  return texts === null ? [] : secretsOfConfig(texts).map(configFinding);
}

function configFinding(hit: ConfigHit): Finding {
  const { code, severity, where, layer, shown, encrypted } = hit;
  const name = hit.name?.slice(0, MAX_SHOWN);
  return {
    severity,
    code,
    ...(layer === undefined ? {} : { layer }),
    where,
    ...(name === undefined ? {} : { name }),
    ...(shown === undefined ? {} : { shown: displayText(shown) }),
    ...(encrypted === undefined ? {} : { encrypted }),
    message: `${BY_NAME.has(code) ? 'Secret' : whatWords(hit)} ${placeWords(hit)}`,
  };
}

/** Codes of findings about a name, not a value. */
const BY_NAME: ReadonlySet<string> = new Set(['secret-env-password', 'secret-build-arg']);

function placeWords({ where, name }: ConfigHit): string {
  const shown = name === undefined ? '' : ` ${displayText(name.slice(0, MAX_SHOWN))}`;
  if (where === 'env') return `in the variable${shown}`;
  if (where === 'label') return `in the label${shown}`;
  return name === undefined ? 'in a step of the history' : `in the build argument${shown} of a step of the history`;
}

const DOUBTS: Readonly<Record<NonNullable<SecretHit['doubt']>, string>> = {
  'check-digits': 'its check digits are wrong',
  'test-key': 'for tests',
  alone: 'without a secret near it',
  place: 'in a folder of libraries, tests or examples',
  encrypted: 'encrypted',
};

/** Formats `GitHub token ghp_…aB`, with the reason if it is reported with a lower severity than usual for its code. */
function whatWords({ code, shown, doubt }: Pick<SecretHit, 'code' | 'shown' | 'doubt'>): string {
  const title = FINDING_HINTS[code].title;
  const token = shown === undefined ? title : `${title} ${displayText(shown)}`;
  return doubt === undefined ? token : `${token} (${DOUBTS[doubt]})`;
}
