import { type LaterRemovals, laterRemovals, ShownEntries, type Stack } from '#changes';
import type { LayerTable } from '#format/layer';
import { type Finding, finding, formatCount, formatSize, grouped, WASTE_KINDS, type WasteCode } from '#model';
import { LayerWaste, type WastePlace } from './layer-waste.ts';
import { modeFindings } from './mode-findings.ts';
import { scanLayer } from './scan-layer.ts';
import { shownPath } from './shown-path.ts';

/** Maximum number of findings with the same code in a layer; the rest are combined into one finding without a path. */
const MAX_OF_CODE = 250;

/**
 * Yields findings, with `layer` and `path`, about what an image stores needlessly, and about files whose mode gives more rights than usual.
 * Files at a path in the catalogue are reported once, even if a later layer removes them. Doesn't read bodies.
 */
export function* wasteFindings(stack: Stack): Generator<Finding> {
  const shown = new ShownEntries(stack);
  const done = new Set<number>();
  for (const removals of laterRemovals(stack)) {
    done.add(removals.layer);
    yield* findingsOfLayer(stack, removals.layer, shown, removals);
  }
  for (let layer = 0; layer < stack.layers.length; layer++) if (!done.has(layer)) yield* findingsOfLayer(stack, layer, shown, null);
}

function* findingsOfLayer(stack: Stack, layer: number, shown: ShownEntries, removals: LaterRemovals | null): Generator<Finding> {
  const table = stack.layers[layer];
  if (!table) return;
  // Windows doesn't have these paths, and ignores modes in tars.
  const scan = stack.caseInsensitive ? null : scanLayer(table);
  const places = new LayerWaste(layer, table, scan, shown, removals).places();
  for (const ofCode of grouped(places, ({ code }) => code).values()) yield* placeFindings(table, layer, ofCode);
  if (!stack.caseInsensitive) yield* modeFindings(table, layer, shown);
}

/** Yields findings for places with the same code, biggest first, with the rest added up. */
function* placeFindings(table: LayerTable, layer: number, places: WastePlace[]): Generator<Finding> {
  places.sort((a, b) => b.bytes - a.bytes || a.node - b.node);
  for (const { code, node, bytes, removedIn } of places.slice(0, MAX_OF_CODE)) {
    const gone = removedIn === 0 ? {} : { removedIn };
    yield finding(code, wasteMessage(code, bytes, removedIn), { layer, path: shownPath(table, node), bytes, ...gone });
  }
  const rest = places.slice(MAX_OF_CODE);
  const [first] = rest;
  if (first === undefined) return;
  const bytes = rest.reduce((sum, place) => sum + place.bytes, 0);
  yield finding(first.code, `${formatCount(rest.length)} more of these, ${formatSize(bytes)}`, { layer, bytes });
}

function wasteMessage(code: WasteCode, bytes: number, removedIn: number): string {
  const size = formatSize(bytes);
  if (code === 'waste-removed-later') return `${size}, removed by layer ${removedIn}`;
  const gone = removedIn === 0 ? '' : `, removed too late by layer ${removedIn}`;
  const { title } = WASTE_KINDS[code];
  return `${size}, ${title.charAt(0).toLowerCase()}${title.slice(1)}${gone}`;
}
