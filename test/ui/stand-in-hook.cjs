// Test-only, loaded before the program with -r: replaces the store's thread with one whose Windows drivers use the stand-in for
// vmcompute.dll.
'use strict';
const path = require('node:path');
const threads = require('node:worker_threads');
const { syncBuiltinESMExports } = require('node:module');

const script = process.env.LAYERSCOPE_STAND_IN_WORKER;
if (threads.isMainThread && script) {
  const { Worker } = threads;
  threads.Worker = class extends Worker {
    constructor(file, options) {
      const isStore = /^store-worker\./.test(path.basename(file instanceof URL ? file.pathname : String(file)));
      super(isStore ? script : file, options);
    }
  };
  syncBuiltinESMExports();
}
