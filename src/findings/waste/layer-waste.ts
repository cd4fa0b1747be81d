import type { LaterRemovals, ShownEntries } from '#changes';
import type { LayerTable } from '#format/layer';
import type { WasteCode } from '#model';
import { isInPlace, isStoredFile, type LayerScan, PLACE_CODES, TOOL } from './scan-layer.ts';

/** A path in a layer with bytes that the image could do without. */
export interface WastePlace {
  readonly code: WasteCode;
  /** Node of the layer's table. */
  readonly node: number;
  bytes: number;
  /** The highest layer that removes files of this place; 0 if any of its files stays. */
  removedIn: number;
}

/** Adds up the bytes of a layer's wasted files, by place. */
export class LayerWaste {
  readonly #layer: number;
  readonly #table: LayerTable;
  readonly #scan: LayerScan | null;
  readonly #shown: ShownEntries;
  readonly #removals: LaterRemovals | null;
  readonly #catalogued = new Map<number, WastePlace>();
  /** Places with files that no later layer removes. */
  readonly #staying = new Set<number>();
  readonly #removed = new Map<number, WastePlace>();
  readonly #tools: WastePlace[] = [];

  /** `scan`: null to look only for removals. */
  constructor(layer: number, table: LayerTable, scan: LayerScan | null, shown: ShownEntries, removals: LaterRemovals | null) {
    this.#layer = layer;
    this.#table = table;
    this.#scan = scan;
    this.#shown = shown;
    this.#removals = removals;
  }

  places(): WastePlace[] {
    const table = this.#table;
    const scan = this.#scan;
    const removedIn = this.#removals?.removedIn ?? null;
    if (removedIn === null && !scan?.hasPlaces && !scan?.hasTools) return [];
    const { node: nodes, memberCount } = table;
    const place = scan?.place ?? null;
    const kind = scan?.kind ?? null;
    for (let member = 0; member < memberCount; member++) {
      const node = nodes[member] as number;
      if ((place === null || place[node] === 0) && (kind === null || kind[node] === 0) && (removedIn === null || removedIn[node] === 0)) {
        continue;
      }
      if (isStoredFile(table, member) && table.size[member] !== 0) this.#add(member, node);
    }
    for (const node of this.#staying) (this.#catalogued.get(node) as WastePlace).removedIn = 0;
    return [...this.#catalogued.values(), ...this.#removed.values(), ...this.#tools];
  }

  #add(member: number, node: number): void {
    const scan = this.#scan;
    const bytes = this.#table.size[member] as number;
    const removedIn = this.#removals?.removedIn[node] ?? 0;
    if (scan !== null && isInPlace(scan, node)) {
      const at = scan.place[node] as number;
      const place = addTo(this.#catalogued, PLACE_CODES[(scan.kind[at] as number) - 1] as WasteCode, at, bytes);
      if (removedIn === 0) this.#staying.add(at);
      else if (removedIn > place.removedIn) place.removedIn = removedIn;
    } else if (removedIn !== 0) {
      const at = this.#removals?.top[node] ?? node;
      if (!this.#shown.hasBody(this.#layer, member)) addTo(this.#removed, 'waste-removed-later', at, bytes).removedIn = removedIn;
    } else if (scan?.kind[node] === TOOL && this.#shown.hasBody(this.#layer, member)) {
      this.#tools.push({ code: 'waste-build-tools', node, bytes, removedIn: 0 });
    }
  }
}

function addTo(places: Map<number, WastePlace>, code: WasteCode, node: number, bytes: number): WastePlace {
  let place = places.get(node);
  if (place === undefined) {
    place = { code, node, bytes: 0, removedIn: 0 };
    places.set(node, place);
  }
  place.bytes += bytes;
  return place;
}
