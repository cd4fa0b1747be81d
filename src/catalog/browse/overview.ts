// Assembles what the window shows from a catalog's rows: the images, and the layers that they share.
import type { CatalogImage, CatalogLayer, CatalogPlace, CatalogProblem, SeverityCounts } from '#contract';
import type { TableRow } from './messages.ts';

/** Columns read from each table. */
export const IMAGE_COLUMNS = [
  'image',
  'source',
  'reference',
  'repository',
  'tag',
  'digest',
  'platform',
  'created',
  'files',
  'finalBytes',
  'wastedBytes',
  'blobBytes',
  'error',
  'message',
] as const;
export const STEP_COLUMNS = ['image', 'layerIndex', 'layer', 'digest', 'bytes', 'createdBy'] as const;
export const FINDING_COLUMNS = ['severity'] as const;

/** Images and layers of a catalog. The number of an image or layer is its index here. */
export interface Overview {
  readonly images: readonly CatalogImage[];
  readonly layers: readonly CatalogLayer[];
  /** Number of files visible in the images, as far as it is known. */
  readonly files: number;
}

/** An image whose layers have no numbers yet. */
interface Draft {
  readonly row: TableRow;
  readonly places: CatalogPlace[];
  /** DiffIDs, bottom layer first. */
  chain: readonly string[];
}

interface LayerDraft extends CatalogLayer {
  images: number;
}

/** Collects the rows of a catalog in this order: images, history, findings. */
export class OverviewBuilder {
  readonly problems: CatalogProblem[] = [];
  readonly #images = new Map<string, Draft>();
  readonly #layers = new Map<string, LayerDraft>();
  readonly #findings = new Map<string, SeverityCounts>();
  readonly #packaged = new Set<string>();

  get ids(): readonly string[] {
    return [...this.#images.keys()];
  }

  addImage(row: TableRow): void {
    const place = { source: text(row.source) ?? '', reference: text(row.reference), repository: text(row.repository), tag: text(row.tag) };
    const id = text(row.image);
    const code = text(row.error);
    if (code !== null || id === null) {
      const subject = place.reference === null ? place.source : `${place.reference} (${place.source})`;
      this.problems.push({ subject, code: code ?? 'DAMAGED', message: text(row.message) ?? '' });
      return;
    }
    const known = this.#images.get(id);
    if (known === undefined) this.#images.set(id, { row, places: [place], chain: [] });
    else known.places.push(place);
  }

  addHistory(id: string, rows: readonly TableRow[]): void {
    const image = this.#images.get(id);
    if (image === undefined) return;
    const steps = rows.filter((row) => row.image === id && typeof row.layer === 'string');
    steps.sort((a, b) => (number(a.layerIndex) ?? 0) - (number(b.layerIndex) ?? 0));
    image.chain = steps.map(({ layer }) => layer as string);
    const isNew = new Set<string>();
    for (const { layer, digest, bytes, createdBy } of steps) {
      const diffId = layer as string;
      const known = this.#layers.get(diffId) ?? {
        layer: diffId,
        digest: text(digest),
        bytes: number(bytes) ?? 0,
        createdBy: text(createdBy),
        images: 0,
      };
      if (!isNew.has(diffId)) known.images++;
      isNew.add(diffId);
      this.#layers.set(diffId, known);
    }
  }

  /** Sets an image's findings. An image without a findings file has none. */
  addFindings(id: string, rows: readonly TableRow[]): void {
    const count = (severity: string): number => rows.filter((row) => row.severity === severity).length;
    this.#findings.set(id, { error: count('error'), warning: count('warning'), note: count('note') });
  }

  /** Records that the packages of an image are known. */
  addPackaged(id: string): void {
    this.#packaged.add(id);
  }

  build(): Overview {
    const layers = [...this.#layers.values()].sort((a, b) => b.images - a.images || b.bytes - a.bytes || (a.layer < b.layer ? -1 : 1));
    const numbers = new Map(layers.map(({ layer }, index) => [layer, index]));
    const images = [...this.#images].map(([id, { row, places, chain }]): CatalogImage => {
      return {
        id,
        digest: text(row.digest),
        places,
        platform: text(row.platform),
        created: number(row.created),
        blobBytes: number(row.blobBytes),
        finalBytes: number(row.finalBytes),
        wastedBytes: number(row.wastedBytes),
        files: number(row.files),
        hasPackages: this.#packaged.has(id),
        layers: chain.map((layer) => numbers.get(layer) as number),
        findings: this.#findings.get(id) ?? null,
      };
    });
    const shared = layers.filter((layer) => layer.images > 1).length;
    const files = [...this.#images.values()].reduce((sum, { row }) => sum + (number(row.files) ?? 0), 0);
    return { files, images: images.sort(byChain(shared)), layers: layers.map(({ images: _, ...layer }) => layer) };
  }
}

/**
 * Sorts images with the same layers next to each other, and those with the same name by tag. `shared`: number of layers that more than one
 * image has.
 */
function byChain(shared: number): (a: CatalogImage, b: CatalogImage) => number {
  const names = new Intl.Collator('en', { numeric: true });
  return (a, b) => {
    const [left, right] = [a, b].map(({ layers }) => layers.filter((layer) => layer < shared)) as [number[], number[]];
    for (let index = 0; index < Math.max(left.length, right.length); index++) {
      const difference = (left[index] ?? -1) - (right[index] ?? -1);
      if (difference !== 0) return difference;
    }
    return names.compare(nameOf(a), nameOf(b)) || (a.id < b.id ? -1 : 1);
  };
}

function nameOf({ places }: CatalogImage): string {
  return places[0]?.reference ?? places[0]?.source ?? '';
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function number(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
