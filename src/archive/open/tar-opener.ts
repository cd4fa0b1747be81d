import { displayPath, displayText, finding, LayerscopeError } from '#model';
import { CheckpointMaker } from '../blob/checkpoint-maker.ts';
import { detectCompression, MAGIC_BYTES, OTHER_FORMAT_BYTES, otherFormatName, otherPackingName } from '../blob/compression.ts';
import { type Decompressed, decompress, faultOf, type PackedAs } from '../blob/decompress.ts';
import { freePiece } from '../blob/inflate-stream.ts';
import { SourceFile } from '../blob/source-file.ts';
import { feedFromFile } from '../blob/tar-source.ts';
import { isUnpackedHere } from '../blob/unpack-stream.ts';
import type { IndexCache } from '../cache/index-cache.ts';
import { ProgressMeter } from '../control/progress-meter.ts';
import { callerControl } from '../control/work-control.ts';
import type { PrivateFolder } from '../files/private-folder.ts';
import { readHead } from '../members/member-store.ts';
import { MAX_MEMBERS, TarMembers } from '../members/tar-members.ts';
import type { SpoolStore } from '../spool/spool-store.ts';
import { Unpacked } from '../spool/unpacked.ts';
import type { BlobSource, IndexedBlob, Progress } from '../types.ts';
import { type OpenedArchive, openImageTar, openSingleLayer, wholeFile } from './open-archive.ts';
import { judgeTar, OuterScan } from './outer-scan.ts';

/** If nothing has suggested an image after this many bytes, the unpacked file isn't kept. */
const UNDECIDED_BYTES = 16 * 1024 * 1024;

/** The parts of a reader used to open tars. */
export interface OpenerParts {
  readonly cache: IndexCache | null;
  readonly spools: SpoolStore;
  readonly folder: PrivateFolder;
  /** Layers indexed while the file's kind was determined. */
  readonly scanned: WeakMap<BlobSource, IndexedBlob>;
}

export interface OpenTarOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** The open archive, and the temporary files that hold it. */
export interface OpenedTar {
  readonly archive: OpenedArchive;
  readonly ownFiles: readonly string[];
}

/**
 * Opens an image archive or a layer tar, plain or packed. `isOurs` marks a temporary file, for which nothing is cached. Throws what
 * {@link ArchiveReader.open} throws.
 */
export class TarOpener {
  readonly #parts: OpenerParts;
  readonly #file: SourceFile;
  readonly #title: string;
  readonly #key: string;
  readonly #identity: string | null;
  readonly #options: OpenTarOptions;

  constructor(parts: OpenerParts, file: SourceFile, title: string, isOurs: boolean, options: OpenTarOptions) {
    this.#parts = parts;
    this.#file = file;
    this.#title = title;
    this.#key = isOurs ? '' : `${file.path}:${file.identity}`;
    this.#identity = isOurs ? null : file.identity;
    this.#options = options;
  }

  async open(): Promise<OpenedTar> {
    const file = this.#file;
    if (file.size === 0) throw new LayerscopeError('NOT_AN_IMAGE', `${displayText(this.#title)} is empty: it has 0 bytes`);
    const compression = detectCompression(readHead(file, 0, MAGIC_BYTES));
    const blob = wholeFile(file.path, file.size, compression, this.#key === '' ? '' : `${this.#key}:0:${file.size}`, this.#identity);
    const known = this.#parts.cache?.read(blob) ?? null;
    if (known !== null) {
      this.#parts.scanned.set(blob, known);
      return { archive: openSingleLayer(blob, this.#title), ownFiles: [] };
    }
    if (compression === 'none') return this.#openPlain(file, this.#key, this.#identity, blob, false);
    return this.#openPacked(blob, compression);
  }

  async #openPlain(file: SourceFile, key: string, identity: string | null, blob: BlobSource, isWhole: boolean): Promise<OpenedTar> {
    const scan = new OuterScan(blob.length, isWhole);
    const meter = new ProgressMeter('read', file.size, this.#options.onProgress);
    try {
      await feedFromFile(
        { file, start: 0, length: file.size },
        scan.indexer.reader,
        callerControl(this.#options.signal, (bytes) => meter.advance(bytes)),
      );
    } catch (error) {
      scan.indexer.fail(error);
    }
    if (identity !== null) file.refuseChanged();
    return this.#judge(scan, file, key, identity, blob, null, () => this.#openPlain(file, key, identity, blob, true));
  }

  /** Decides what the tar is, based on the scan. `again` reads it once more and keeps all members. */
  async #judge(
    scan: OuterScan,
    file: SourceFile,
    key: string,
    identity: string | null,
    blob: BlobSource,
    packed: Decompressed | null,
    again: () => Promise<OpenedTar>,
  ): Promise<OpenedTar> {
    const tarBytes = packed?.plainBytes ?? file.size;
    const layer = scan.finish(tarBytes, packed);
    if (layer.table.memberCount === 0 && (layer.status === 'damaged' || tarBytes === 0)) this.#refuse(scan, tarBytes, packed);
    const newPath = (): string => this.#parts.folder.newPath('.member');
    const { kind, manifestProblem } = judgeTar(scan, file, layer.status === 'present' ? null : this.#flaw(scan, packed), newPath);
    // The headers said where the manifest is, which is wrong if the file has changed since.
    if (identity !== null) file.refuseChanged();
    if (kind === 'layer') return this.#layer(blob, { layer, blobDigest: null }, manifestProblem);
    if (scan.members.overflowed) {
      if (scan.keepsAll)
        throw new LayerscopeError(
          'TOO_LARGE',
          `an image archive with more than ${MAX_MEMBERS} members, or whose names or sparse files take as much memory`,
        );
      return again();
    }
    // Only findings about the integrity of the archive's own tar matter: its names aren't part of an image.
    const findings = layer.findings
      .filter(
        ({ code }) =>
          code === 'bad-tar' || code === 'truncated' || code === 'damaged-blob' || code === 'trailing-data' || code === 'too-large',
      )
      .map(({ code, message }) => finding(code, `the archive itself: ${message}`));
    const instead = kind === 'oci-archive' ? 'using index.json instead' : 'using the files of each layer instead';
    if (manifestProblem !== null) findings.push(finding('manifest-unreadable', `${manifestProblem}: ${instead}`));
    for (const name of scan.members.differing(file)) {
      const path = displayPath(Buffer.from(name, 'latin1'));
      findings.push(
        finding('manifest-disagreement', `the archive holds ${path} more than once: the last is used; other tools may use the first`),
      );
    }
    const members = new TarMembers(scan.members.members, file, key, identity, newPath);
    const archive = openImageTar(kind, members, newPath, findings);
    if (identity !== null) file.refuseChanged();
    return { archive, ownFiles: [] };
  }

  /** Returns the error that kept the tar from being read completely. */
  #flaw({ indexer }: OuterScan, packed: Decompressed | null): LayerscopeError {
    const name = displayText(this.#title);
    const fault = packed === null ? null : faultOf(packed);
    if (fault !== null && fault !== 'TRUNCATED') return new LayerscopeError(fault, `${name}: ${packed?.message}`);
    if (indexer.problem !== null)
      return new LayerscopeError(indexer.problem.code, `${name}: ${indexer.problem.message}`, { cause: indexer.problem });
    return new LayerscopeError('TRUNCATED', `${name} is cut off before the end of its manifest`);
  }

  /** Throws the reason why no entry was found. Doesn't throw for an empty tar. */
  #refuse({ indexer }: OuterScan, tarBytes: number, packed: Decompressed | null): void {
    const name = displayText(this.#title);
    const fault = packed === null ? null : faultOf(packed);
    if (fault !== null) throw new LayerscopeError(fault, `${name}: ${packed?.message}`);
    if (tarBytes === 0) throw new LayerscopeError('NOT_AN_IMAGE', `${name} is empty: it unpacks to 0 bytes`);
    const head = packed === null ? this.#head() : new Uint8Array(0);
    const packing = otherPackingName(head);
    if (packing !== null) throw new LayerscopeError('UNSUPPORTED', `${name} is ${packing}, which is not supported: unpack it first`);
    const { problem } = indexer;
    if (problem !== null && problem.offset !== 0) throw problem;
    if (problem === null && tarBytes >= 512) return;
    const other = otherFormatName(head);
    const what = other === null ? 'neither an image archive nor a layer tar' : `${other}, not an image archive or a layer tar`;
    throw new LayerscopeError('NOT_AN_IMAGE', `${name} is ${what}`, { cause: problem });
  }

  #head(): Uint8Array {
    return readHead(this.#file, 0, OTHER_FORMAT_BYTES);
  }

  /** Returns the tar as a layer. A layer with an unusable manifest.json isn't cached, because the cache can't store that problem. */
  #layer(found: BlobSource, indexed: IndexedBlob, manifestProblem: string | null): OpenedTar {
    const blob = manifestProblem === null ? found : { ...found, cacheKey: '' };
    this.#parts.scanned.set(blob, indexed);
    this.#parts.cache?.write(blob, indexed);
    return { archive: openSingleLayer(blob, this.#title, manifestProblem), ownFiles: [] };
  }

  /**
   * Opens a packed file, which may be an image archive or a layer. Only the members' names show which, and manifests come last, so the file
   * is unpacked to disk while its members are read. Once it clearly looks like a layer, the unpacked file is dropped.
   */
  async #openPacked(blob: BlobSource, compression: PackedAs, isImage = false, elsewhere = false): Promise<OpenedTar> {
    const key = `${blob.cacheKey}:unpacked`;
    const kept = await this.#parts.spools.claimWhole(key, blob.cacheKey !== '', callerControl(this.#options.signal));
    if (kept !== null) return this.#openUnpacked(kept, blob, null);
    const scan = new OuterScan(blob.length, isImage);
    const meter = new ProgressMeter('unpack', this.#file.size, this.#options.onProgress);
    const control = callerControl(this.#options.signal, (bytes) => meter.advance(bytes));
    using out = new Unpacked(() => this.#newPath(elsewhere));
    const checkpoints = this.#makerFor(blob, compression);
    let plainBytes = 0;
    const packed = await decompress(
      { file: this.#file, start: 0, length: this.#file.size },
      compression,
      (bytes) => {
        plainBytes += bytes.length;
        if (scan.indexer.problem === null) scan.indexer.push(bytes);
        if (!isImage && plainBytes > UNDECIDED_BYTES && !scan.members.mayBeImage) out.drop();
        out.write(bytes);
        if (!isUnpackedHere(compression)) freePiece(bytes);
        return scan.indexer.problem === null && (out.lack === null || !scan.members.mayBeImage);
      },
      { gate: () => control.check(), onProgress: (bytes) => control.advance(bytes), checkpoints },
    );
    if (this.#identity !== null) this.#file.refuseChanged();
    if (out.lack !== null && scan.members.mayBeImage) {
      // The members of an image are read in random order, which requires a file. If this disk is full, another one may have space.
      if (!elsewhere && this.#parts.folder.newPathElsewhere('') !== null) return this.#openPacked(blob, compression, true, true);
      throw new LayerscopeError(out.lack.code, `${displayText(this.#title)}: ${out.lack.message}`, { cause: out.lack });
    }
    const opened = await this.#judgeUnpacked(scan, out, blob, packed, compression);
    if (opened.archive.format === 'layer' && packed.end === 'complete' && checkpoints !== undefined)
      this.#parts.cache?.writeCheckpoints(blob, { blobDigest: null }, checkpoints.finish());
    return opened;
  }

  /** Returns a checkpoint maker if the file may be a layer whose checkpoints can be cached. */
  #makerFor({ cacheKey }: BlobSource, compression: PackedAs): CheckpointMaker | undefined {
    return this.#parts.cache === null || cacheKey === '' || compression !== 'gzip' ? undefined : new CheckpointMaker(false);
  }

  #newPath(elsewhere: boolean): string {
    const { folder } = this.#parts;
    return (elsewhere ? folder.newPathElsewhere('.tar') : null) ?? folder.newPath('.tar');
  }

  async #judgeUnpacked(scan: OuterScan, out: Unpacked, blob: BlobSource, packed: Decompressed, compression: PackedAs): Promise<OpenedTar> {
    const file = out.finish();
    const again = () => this.#openPacked(blob, compression, true);
    if (file === null) {
      if (scan.members.mayBeImage) return again();
      return this.#judge(scan, this.#file, '', null, blob, packed, again);
    }
    const { path: target, sums } = file;
    const opened = await this.#openUnpacked(target, blob, { scan, packed });
    if (opened.archive.format === 'layer') {
      if (packed.end !== 'complete') return opened;
      out.keep();
      this.#parts.spools.adopt(blob, target, sums);
      return opened;
    }
    out.keep();
    if (packed.end === 'complete' && !packed.trailing)
      this.#parts.spools.keepWhole(target, `${blob.cacheKey}:unpacked`, blob.cacheKey !== '', sums);
    return opened;
  }

  /** `target` is the plain tar. `scanned` is the scan made while it was written; if null, the tar is scanned now. */
  async #openUnpacked(target: string, blob: BlobSource, scanned: { scan: OuterScan; packed: Decompressed } | null): Promise<OpenedTar> {
    const key = blob.cacheKey === '' ? '' : `${blob.cacheKey}:unpacked`;
    using file = new SourceFile(target);
    const read = () => this.#openPlain(file, key, null, blob, true);
    const opened = scanned === null ? await read() : await this.#judge(scanned.scan, file, key, null, blob, scanned.packed, read);
    return opened.archive.format === 'layer' ? opened : { ...opened, ownFiles: [target] };
  }
}
