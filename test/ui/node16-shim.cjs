// Test-only: what of newer ECMAScript the bundles count on and Node 16 lacks; in the main process and in its workers.
'use strict';
const threads = require('node:worker_threads');

Symbol.dispose ??= Symbol('Symbol.dispose');
Symbol.asyncDispose ??= Symbol('Symbol.asyncDispose');

Array.prototype.toReversed ??= function () {
  return [...this].reverse();
};

// File handles can be disposed of since Node 18.18.
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
