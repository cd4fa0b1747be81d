import { type Finding, formatSize, type ImageReport, plural, WASTE_KINDS, type WasteCode } from '#model';
import type { CheckConfig, RuleName } from './check-config.ts';

/** The result of one rule. */
export interface RuleResult {
  /** `layers` isn't a rule of the file: it is present only if a layer can't be read, and then fails the check. */
  readonly rule: RuleName | 'layers' | WasteCode;
  readonly status: 'pass' | 'fail' | 'skip';
  /** Measured value: a ratio, bytes or a number of findings. Null for a ratio with nothing to divide by. */
  readonly value: number | null;
  readonly threshold: number | 'error' | 'warning' | null;
  /** Result in one clause. */
  readonly message: string;
}

const percent = (ratio: number): string => `${(ratio * 100).toFixed(2)} %`;

function skipped(rule: RuleName, value: number | null): RuleResult {
  return { rule, status: 'skip', value, threshold: null, message: 'disabled' };
}

/** Bytes of the files of all layers but the lowest. */
function userBytesOf({ layers }: ImageReport): number {
  return layers.reduce((sum, layer) => sum + (layer.index === 0 ? 0 : layer.fileBytes), 0);
}

/** Returns wasted bytes divided by the bytes of all layers but the lowest, as dive does; NaN if both are 0. */
export function userWastedRatio(image: ImageReport): number {
  return image.totals.wastedBytes / userBytesOf(image);
}

/**
 * Describes how much is hidden, and out of how much. The lowest layer's files may be hidden too, so the ratio can exceed 1, in which case
 * it isn't a share.
 */
function userWasteText(image: ImageReport, most: number): string {
  const { wastedBytes } = image.totals;
  const userBytes = userBytesOf(image);
  if (userBytes === 0 && wastedBytes === 0) return 'the layers above the lowest hold no bytes, and none are hidden';
  const hidden = `${formatSize(wastedBytes)} hidden`;
  const user = `the ${formatSize(userBytes)} that the layers above the lowest hold`;
  const ratio = wastedBytes / userBytes;
  if (ratio <= 1) return `${hidden}, ${percent(ratio)} of ${user}, ${ratio > most ? 'above' : 'at most'} ${percent(most)}`;
  if (userBytes === 0) return `${hidden}, though the layers above the lowest hold no bytes`;
  return `${hidden}, more than ${user}; at most ${percent(most)} of that is allowed`;
}

/** How the image was read for a check. */
export interface CheckedWith {
  /** Whether file contents were searched. */
  readonly isScanned: boolean;
}

/** Kinds of waste that are found only by reading file contents. */
const NEEDS_SCAN: ReadonlySet<WasteCode> = new Set(['waste-metadata-only-copy', 'waste-same-content']);

/**
 * Checks an image against the four rules in a fixed order, preceded by `layers` if a layer is missing or damaged, and followed by the rules
 * for kinds of waste. `findings` are those of the image and its archive.
 */
export function checkRules(
  config: CheckConfig,
  image: ImageReport,
  findings: readonly Finding[],
  { isScanned }: CheckedWith = { isScanned: true },
): readonly RuleResult[] {
  const { efficiency, wastedBytes } = image.totals;
  const ratio = userWastedRatio(image);
  const ratioValue = Number.isFinite(ratio) ? ratio : null;
  const results: RuleResult[] = [];

  const unread = image.layers.filter(({ status }) => status === 'missing' || status === 'damaged');
  const [first] = unread;
  if (first !== undefined) {
    const others = unread.length === 1 ? '' : ` (and ${unread.length - 1} more like it)`;
    const message = `layer ${first.index} is ${first.status}${others}: the figures below cover only what could be read`;
    results.push({ rule: 'layers', status: 'fail', value: unread.length, threshold: 0, message });
  }

  const { lowestEfficiency, highestWastedBytes, highestUserWastedPercent, failOn } = config;
  if (lowestEfficiency === null) results.push(skipped('lowestEfficiency', efficiency));
  else {
    const fails = efficiency < lowestEfficiency;
    const message = `efficiency is ${percent(efficiency)}, ${fails ? 'below' : 'at least'} ${percent(lowestEfficiency)}`;
    results.push({ rule: 'lowestEfficiency', status: fails ? 'fail' : 'pass', value: efficiency, threshold: lowestEfficiency, message });
  }

  if (highestWastedBytes === null) results.push(skipped('highestWastedBytes', wastedBytes));
  else {
    const fails = wastedBytes > highestWastedBytes;
    const message = `${formatSize(wastedBytes)} hidden, ${fails ? 'above' : 'at most'} ${formatSize(highestWastedBytes)}`;
    results.push({
      rule: 'highestWastedBytes',
      status: fails ? 'fail' : 'pass',
      value: wastedBytes,
      threshold: highestWastedBytes,
      message,
    });
  }

  if (highestUserWastedPercent === null) results.push(skipped('highestUserWastedPercent', ratioValue));
  else {
    const fails = ratio > highestUserWastedPercent; // NaN passes: nothing above the lowest layer has content
    const message = userWasteText(image, highestUserWastedPercent);
    const status = fails ? 'fail' : 'pass';
    results.push({ rule: 'highestUserWastedPercent', status, value: ratioValue, threshold: highestUserWastedPercent, message });
  }

  results.push(failOnRule(failOn, findings, isScanned));
  for (const [code, threshold] of config.waste) results.push(wasteRule(code, threshold, findings, isScanned));
  return results;
}

/**
 * Fails if there are findings of the given severity or above. If the rule is disabled, its message says how many findings it could fail on.
 */
function failOnRule(failOn: CheckConfig['failOn'], findings: readonly Finding[], isScanned: boolean): RuleResult {
  const of = (severity: Finding['severity']): readonly Finding[] => findings.filter((each) => each.severity === severity);
  const [errors, warnings] = [of('error'), of('warning')];
  const unread = isScanned ? '' : '; files were not searched for secrets (--no-scan)';
  if (failOn === null) {
    const seen = [...countText(errors.length, 'error'), ...countText(warnings.length, 'warning')];
    const message = `disabled, with ${seen.length === 0 ? 'no finding of severity error or warning' : seen.join(' and ')}${unread}`;
    return { rule: 'failOn', status: 'skip', value: null, threshold: null, message };
  }
  const counted = failOn === 'error' ? errors : [...errors, ...warnings];
  const word = failOn === 'error' ? 'of severity error' : 'of severity error or warning';
  const example = counted[0] === undefined ? '' : `, the first ${counted[0].code}`;
  const found = counted.length === 0 ? `no finding ${word}` : `${plural(counted.length, 'finding')} ${word}${example}`;
  const message = `${found}${unread}`;
  return { rule: 'failOn', status: counted.length > 0 ? 'fail' : 'pass', value: counted.length, threshold: failOn, message };
}

function countText(count: number, severity: string): readonly string[] {
  return count === 0 ? [] : [`${plural(count, 'finding')} of severity ${severity}`];
}

/** Checks the bytes of one kind of waste. */
function wasteRule(code: WasteCode, threshold: number, findings: readonly Finding[], isScanned: boolean): RuleResult {
  if (!isScanned && NEEDS_SCAN.has(code)) {
    const message = `${WASTE_KINDS[code].title}: not known, because files were not read (--no-scan)`;
    return { rule: code, status: 'skip', value: null, threshold, message };
  }
  const value = findings.reduce((sum, finding) => sum + (finding.code === code ? (finding.bytes ?? 0) : 0), 0);
  const fails = value > threshold;
  const { title } = WASTE_KINDS[code];
  const message = `${title}: ${formatSize(value)}, ${fails ? 'above' : 'at most'} ${formatSize(threshold)}`;
  return { rule: code, status: fails ? 'fail' : 'pass', value, threshold, message };
}
