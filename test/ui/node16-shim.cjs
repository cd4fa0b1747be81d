// Test-only: newer ECMAScript and Node features that the bundles need and Node 16 lacks, for the main process and its workers.
'use strict';
const threads = require('node:worker_threads');

Symbol.dispose ??= Symbol('Symbol.dispose');
Symbol.asyncDispose ??= Symbol('Symbol.asyncDispose');

Array.prototype.toReversed ??= function () {
  return [...this].reverse();
};

// File handles are disposable since Node 18.18.
const files = require('node:fs/promises');
const { open } = files;
files.open = async (...args) => {
  const handle = await open(...args);
  handle[Symbol.asyncDispose] ??= () => handle.close();
  return handle;
};

if (threads.isMainThread) {
  const { Worker } = threads;
  threads.Worker = class extends Worker {
    constructor(file, options = {}) {
      super(file, { ...options, execArgv: [...(options.execArgv ?? []), '-r', __filename] });
    }
  };
}
