import { type Finding, formatSize, type ImageReport, WASTE_KINDS, type WasteCode } from '#model';
import type { CheckConfig, RuleName } from './check-config.ts';

/** The result of one rule. */
export interface RuleResult {
  /** `layers` is present only if a layer can't be read, which fails the check. */
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

/** Returns wasted bytes divided by the bytes of all layers but the lowest, as dive does; NaN if both are 0. */
export function userWastedRatio(image: ImageReport): number {
  const userBytes = image.layers.reduce((sum, layer) => sum + (layer.index === 0 ? 0 : layer.fileBytes), 0);
  return image.totals.wastedBytes / userBytes;
}

/**
 * Checks an image against the four rules, in this order, preceded by `layers` if a layer is missing or damaged, and followed by those on
 * kinds of waste. `findings` are those of
 * the image and its archive.
 */
export function checkRules(config: CheckConfig, image: ImageReport, findings: readonly Finding[]): readonly RuleResult[] {
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
    const message = `${formatSize(wastedBytes)} wasted, ${fails ? 'above' : 'at most'} ${formatSize(highestWastedBytes)}`;
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
    const what =
      ratioValue === null
        ? 'the layers above the lowest hold no bytes'
        : `wasted bytes are ${percent(ratio)} of what the layers above the lowest hold`;
    const message = ratioValue === null ? what : `${what}, ${fails ? 'above' : 'at most'} ${percent(highestUserWastedPercent)}`;
    const status = fails ? 'fail' : 'pass';
    results.push({ rule: 'highestUserWastedPercent', status, value: ratioValue, threshold: highestUserWastedPercent, message });
  }

  const counted = findings.filter(({ severity }) => severity === 'error' || (failOn === 'warning' && severity === 'warning'));
  if (failOn === null) results.push(skipped('failOn', null));
  else {
    const word = failOn === 'error' ? 'of severity error' : 'of severity error or warning';
    const example = counted[0] === undefined ? '' : `, the first ${counted[0].code}`;
    const message =
      counted.length === 0 ? `no finding ${word}` : `${counted.length} ${counted.length === 1 ? 'finding' : 'findings'} ${word}${example}`;
    results.push({ rule: 'failOn', status: counted.length > 0 ? 'fail' : 'pass', value: counted.length, threshold: failOn, message });
  }
  for (const [code, threshold] of config.waste) results.push(wasteRule(code, threshold, findings));
  return results;
}

/** Checks the bytes of one kind of waste. */
function wasteRule(code: WasteCode, threshold: number, findings: readonly Finding[]): RuleResult {
  const value = findings.reduce((sum, finding) => sum + (finding.code === code ? (finding.bytes ?? 0) : 0), 0);
  const fails = value > threshold;
  const { title } = WASTE_KINDS[code];
  const message = `${title}: ${formatSize(value)}, ${fails ? 'above' : 'at most'} ${formatSize(threshold)}`;
  return { rule: code, status: fails ? 'fail' : 'pass', value, threshold, message };
}
