import type { LayerBodies } from '#archive';
import type { NodeViews } from '#changes';
import { createRest } from '#engine/turns';
import { asLayerscopeError, decodeUtf8, displayPath, encodeUtf8, escapePath, LayerscopeError, type Rest } from '#model';
import { type Content, JarBudget, type SeenFiles } from '#packages';
import type { LoadedImage } from '../image/types.ts';
import type { PackageProblem } from './types.ts';

/** Maximum number of bytes to read from an image. */
const MAX_READ_BYTES = 4 * 1024 * 1024 * 1024;
/** Maximum number of problems to report. */
const MAX_PROBLEMS = 1000;
/** Limit on the total size, in bytes, of the files whose parsed values are kept; others are parsed again for each layer that shows them. */
const MAX_KEPT_BYTES = 96 * 1024 * 1024;
/** Estimated size of a package in memory, in bytes. It is added to the file's size, because a small database may describe many packages. */
const BYTES_PER_ITEM = 200;

interface Body {
  readonly node: number;
  readonly layer: number;
  readonly member: number;
}

/** Results of one parser. */
interface Parsed {
  readonly values: Map<number, { readonly value: unknown; readonly bytes: number }>;
  /** The latest body of each node: once a node shows another body, the old one's value isn't needed again. */
  readonly bodies: Map<number, number>;
}

/** The files of an image as seen at the current layer of `views`. The caller disposes of it. */
export class SeenInViews implements SeenFiles, AsyncDisposable {
  readonly problems: PackageProblem[] = [];
  readonly jars = new JarBudget();
  readonly rest: Rest;
  lookups = 0;
  readonly #loaded: LoadedImage;
  readonly #views: NodeViews;
  readonly #signal: AbortSignal | undefined;
  readonly #bodies = new Map<number, LayerBodies>();
  readonly #parsed = new Map<unknown, Parsed>();
  #left = MAX_READ_BYTES;
  #keptBytes = 0;

  constructor(loaded: LoadedImage, views: NodeViews, signal: AbortSignal | undefined) {
    this.#loaded = loaded;
    this.#views = views;
    this.#signal = signal;
    this.rest = createRest(signal);
  }

  names(folder: string | Uint8Array): string[] {
    const node = this.#views.find(bytesOf(folder));
    if (node <= 0) return [];
    return Array.from(this.#views.children(node))
      .filter((child) => this.#views.isShown(child))
      .flatMap((child) => decodeUtf8(this.#views.name(child)) ?? []);
  }

  has(path: string | Uint8Array): boolean {
    return this.#find(path) !== null;
  }

  async parsed<T>(path: string | Uint8Array, maxBytes: number, parse: (bytes: Uint8Array) => T): Promise<T | null> {
    const body = this.#find(path);
    if (body === null) return null;
    const { values, bodies } = this.#parsedBy(parse);
    const key = body.layer * 0x1_0000_0000 + body.member;
    const former = bodies.get(body.node);
    if (former !== undefined && former !== key) {
      this.#keptBytes -= values.get(former)?.bytes ?? 0;
      values.delete(former);
    }
    bodies.set(body.node, key);
    const known = values.get(key);
    if (known !== undefined) return known.value as T | null;
    const bytes = await this.bytes(path, maxBytes);
    const value = bytes === null ? null : this.#attempt(path, () => parse(bytes));
    const length = (bytes?.length ?? 0) + (Array.isArray(value) ? BYTES_PER_ITEM * value.length : 0);
    if (this.#keptBytes + length <= MAX_KEPT_BYTES) {
      this.#keptBytes += length;
      values.set(key, { value, bytes: length });
    }
    return value;
  }

  #parsedBy(parse: unknown): Parsed {
    const known = this.#parsed.get(parse) ?? { values: new Map(), bodies: new Map() };
    this.#parsed.set(parse, known);
    return known;
  }

  async bytes(path: string | Uint8Array, maxBytes: number): Promise<Uint8Array | null> {
    const content = this.open(bytesOf(path));
    if (content === null) return null;
    if (content.size <= maxBytes) return content.read(0, content.size);
    this.report(bytesOf(path), new LayerscopeError('TOO_LARGE', `it has more than ${maxBytes} bytes`));
    return null;
  }

  report(path: Uint8Array, error: LayerscopeError): void {
    if (!isProblem(error)) throw error;
    if (this.problems.length >= MAX_PROBLEMS) return;
    this.problems.push({ layer: this.#views.layer, path: escapePath(path), code: error.code, message: error.message });
  }

  open(path: Uint8Array): Content | null {
    const body = this.#find(path);
    if (body === null) return null;
    const size = this.#loaded.layers[body.layer]?.table.size[body.member] ?? 0;
    return {
      size,
      read: async (offset, length) => {
        const wanted = Math.max(0, Math.min(length, size - offset));
        if (wanted === 0 || offset < 0) return new Uint8Array(0);
        this.#left -= wanted;
        if (this.#left < 0) throw new LayerscopeError('TOO_LARGE', `${displayPath(path)}: too much was read for the image’s packages`);
        return this.#bodiesOf(body.layer).read(body.member, offset, wanted);
      },
    };
  }

  #attempt<T>(path: string | Uint8Array, parse: () => T): T | null {
    try {
      return parse();
    } catch (error) {
      this.report(bytesOf(path), asLayerscopeError(error));
      return null;
    }
  }

  #find(path: string | Uint8Array): Body | null {
    this.lookups++;
    const node = this.#views.find(bytesOf(path));
    const body = node <= 0 ? null : this.#views.bodyOf(node);
    return body === null ? null : { node, layer: body.layer, member: body.member };
  }

  #bodiesOf(layer: number): LayerBodies {
    const known = this.#bodies.get(layer);
    if (known !== undefined) return known;
    const { reader, image, layers } = this.#loaded;
    const [archiveLayer, indexed] = [image.layers[layer], layers[layer]];
    if (archiveLayer === undefined || !indexed) throw new LayerscopeError('BLOB_MISSING', `layer ${layer} could not be read`);
    const bodies = reader.openBodies(archiveLayer, indexed, this.#signal === undefined ? {} : { signal: this.#signal });
    this.#bodies.set(layer, bodies);
    return bodies;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const bodies of this.#bodies.values()) await bodies[Symbol.asyncDispose]();
  }
}

function bytesOf(path: string | Uint8Array): Uint8Array {
  return typeof path === 'string' ? encodeUtf8(path) : path;
}

const PROBLEMS: ReadonlySet<string> = new Set(['DAMAGED', 'TOO_LARGE', 'UNSUPPORTED', 'BAD_MANIFEST', 'TRUNCATED', 'BLOB_MISSING']);

/** Whether an error is about a single place, so that the others can still be read. */
function isProblem({ code }: LayerscopeError): boolean {
  return PROBLEMS.has(code);
}
