// Script of a worker: indexes one blob at a time and transfers the table's columns without copying.
import { parentPort } from 'node:worker_threads';
import { asLayerscopeError } from '#model';
import { cancelled, type WorkControl } from '../control/work-control.ts';
import { FLAG_KIBIBYTES, FLAG_STOP, runIndexTask, type WorkerReply, type WorkerRequest } from './index-task.ts';

function sharedControl(shared: SharedArrayBuffer): WorkControl {
  const flags = new Int32Array(shared);
  let bytes = 0;
  return {
    check() {
      if (Atomics.load(flags, FLAG_STOP) !== 0) throw cancelled();
    },
    advance(count) {
      bytes += count;
      Atomics.store(flags, FLAG_KIBIBYTES, Math.floor(bytes / 1024));
    },
    slice: Number.POSITIVE_INFINITY,
    rest: () => Promise.resolve(),
  };
}

/** Returns the distinct buffers of a table's columns. */
function buffersOf(table: object): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const column of Object.values(table)) {
    if (ArrayBuffer.isView(column) && column.buffer instanceof ArrayBuffer && column.byteLength > 0) buffers.add(column.buffer);
  }
  return [...buffers];
}

async function serve({ id, task, flags }: WorkerRequest): Promise<void> {
  let reply: WorkerReply;
  let moved: ArrayBuffer[] = [];
  try {
    const indexed = await runIndexTask(task, sharedControl(flags));
    reply = { id, ok: true, indexed };
    moved = buffersOf(indexed.layer.table);
  } catch (error) {
    const { code, message, offset } = asLayerscopeError(error);
    reply = { id, ok: false, code, message, offset };
  }
  parentPort?.postMessage(reply, moved);
}

parentPort?.on('message', (request: WorkerRequest) => {
  void serve(request);
});
