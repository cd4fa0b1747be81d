import { createWriteStream, rmSync } from 'node:fs';
import { rm, statfs } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FileGrant } from '#contract';
import { makeMarkedFolder } from '#files';
import type { Grants, Sender } from '#host';
import { asLayerscopeError, displayText, LayerscopeError } from '#model';
import { checkType, cutOffWhenIdle, Refusal } from './guards.ts';

/** Files uploaded by pages, kept in a private temporary folder until their archives are closed. Disposal removes the folder. */
export interface Uploads extends AsyncDisposable {
  /** Reserves a grant for an upload. Throws TOO_LARGE if the disk lacks space. */
  expect(sender: Sender, file: { readonly name: string; readonly sizeBytes: number }): Promise<FileGrant>;
  /** Receives the body of a PUT for a grant of this sender. A failure leaves nothing behind. Throws {@link Refusal}, TOO_LARGE, IO. */
  receive(sender: Sender, grant: string, request: IncomingMessage): Promise<void>;
}

const PREFIX = 'layerscope-uploads-';
/** Free space that uploads leave on the disk. */
const KEPT_FREE_BYTES = 256_000_000;

/** Maximum number of announced uploads per page; the next one drops the oldest. */
const MAX_EXPECTED = 500;

export interface UploadsOptions {
  readonly grants: Grants;
  /** Where the folder is created; defaults to the system's temporary folder. */
  readonly under?: string;
  /** Maximum number of uploads in progress at once. */
  readonly atOnce?: number;
}

interface Expected {
  readonly sender: Sender;
  readonly name: string;
  readonly sizeBytes: number;
}

/** Creates the uploads. The first upload creates the folder. */
export function createUploads({ grants, under = tmpdir(), atOnce = 8 }: UploadsOptions): Uploads {
  const expected = new Map<string, Expected>();
  const receiving = new Set<Promise<void>>();
  let promisedBytes = 0;
  let folder: Promise<string> | null = null;
  let removeAtExit: (() => void) | null = null;

  const makeFolder = async (): Promise<string> => {
    const made = makeMarkedFolder(under, PREFIX);
    removeAtExit = () => rmSync(made, { recursive: true, force: true });
    process.once('exit', removeAtExit); // in case the process exits without disposal
    return made;
  };

  /** Throws TOO_LARGE unless the disk has space for `sizeBytes`, in addition to the uploads in progress. */
  const requireRoom = async (sizeBytes: number): Promise<void> => {
    const { bavail, bsize } = await statfs(under);
    if (sizeBytes > bavail * bsize - promisedBytes - KEPT_FREE_BYTES) {
      throw new LayerscopeError('TOO_LARGE', 'not enough space for temporary files; name the file when you start the program instead');
    }
  };

  const store = async (grant: string, { name, sizeBytes }: Expected, request: IncomingMessage): Promise<void> => {
    folder ??= makeFolder();
    const file = path.join(await folder, grant); // safe: the grant is our own hex string
    let received = 0;
    const counted = new Transform({
      transform(batch: Buffer, _encoding, done) {
        received += batch.length;
        if (received > sizeBytes) done(new Refusal(413, 'TOO_LARGE', 'the upload is longer than announced'));
        else done(null, batch);
      },
    });
    try {
      cutOffWhenIdle(request);
      await pipeline(request, counted, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
      if (received !== sizeBytes) throw new Refusal(400, 'BAD_REQUEST', 'the upload is shorter than announced');
      const release = (): Promise<void> => rm(file, { force: true });
      if (!grants.fulfil(grant, { path: file, name, release })) throw new Refusal(403, 'FORBIDDEN', 'the upload is no longer expected');
    } catch (error) {
      await rm(file, { force: true });
      await grants.revoke(grant);
      const code = (error as { code?: unknown }).code;
      if (code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET') throw new Refusal(400, 'CANCELLED', 'the upload was cut off');
      throw error instanceof Refusal
        ? error
        : new LayerscopeError('IO', `the upload could not be stored: ${displayText(asLayerscopeError(error).message)}`, { cause: error });
    }
  };

  const storeWithRoom = async (grant: string, file: Expected, request: IncomingMessage): Promise<void> => {
    await requireRoom(0).catch(async (error: unknown) => {
      await grants.revoke(grant);
      throw error;
    });
    await store(grant, file, request);
  };

  return {
    async expect(sender, { name, sizeBytes }) {
      await requireRoom(sizeBytes);
      const own = [...expected].filter(([, each]) => each.sender === sender);
      for (const [grant] of own.slice(0, Math.max(0, own.length + 1 - MAX_EXPECTED))) {
        expected.delete(grant); // the page has been closed or has given up
        await grants.revoke(grant);
      }
      const given = grants.reserve(sender, name);
      expected.set(given.grant, { sender, name, sizeBytes });
      return given;
    },
    async receive(sender, grant, request) {
      const file = expected.get(grant);
      if (file === undefined || file.sender !== sender) throw new Refusal(403, 'FORBIDDEN', 'the upload is not expected');
      checkType(request, 'application/octet-stream');
      const { 'content-length': length, 'content-encoding': encoding } = request.headers;
      if (encoding !== undefined) throw new Refusal(415, 'BAD_REQUEST', 'uploads must not be encoded');
      if (length !== undefined && Number(length) > file.sizeBytes)
        throw new Refusal(413, 'TOO_LARGE', 'the upload is longer than announced');
      if (receiving.size >= atOnce) throw new Refusal(429, 'TOO_LARGE', 'too many uploads at once');
      expected.delete(grant);
      // Counted before anything is awaited, so that concurrent uploads take each other into account.
      promisedBytes += file.sizeBytes;
      const work = storeWithRoom(grant, file, request).finally(() => {
        promisedBytes -= file.sizeBytes;
        receiving.delete(work);
      });
      receiving.add(work);
      await work;
    },
    async [Symbol.asyncDispose]() {
      expected.clear();
      await Promise.allSettled(receiving); // each upload reports its own errors
      if (folder === null) return;
      await rm(await folder, { recursive: true, force: true });
      if (removeAtExit !== null) process.off('exit', removeAtExit);
    },
  };
}
