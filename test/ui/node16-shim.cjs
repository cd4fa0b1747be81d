// Test-only: what of newer ECMAScript the bundles count on and Node 16 lacks; in the main process and in its workers.
'use strict';
const threads = require('node:worker_threads');

Symbol.dispose ??= Symbol('Symbol.dispose');
Symbol.asyncDispose ??= Symbol('Symbol.asyncDispose');

if (threads.isMainThread) {
  const { Worker } = threads;
  threads.Worker = class extends Worker {
    constructor(file, options = {}) {
      super(file, { ...options, execArgv: [...(options.execArgv ?? []), '-r', __filename] });
    }
  };
}
