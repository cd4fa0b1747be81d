// Test-only: what an old Electron (22: Chrome 108, Node 16) lacks and the product counts on. Loaded before main.cjs with -r; does
// nothing on a runtime that has it all.
'use strict';
const path = require('node:path');
const { app, session } = require('electron');

if (process.env.LAYERSCOPE_TEST_PROFILE) app.setPath('userData', process.env.LAYERSCOPE_TEST_PROFILE);
require('./node16-shim.cjs');

const major = Number.parseInt(process.versions.electron, 10);
if (major < 32) {
  app.whenReady().then(() => {
    // webUtils came with Electron 32: before, a File had a path of its own. Runs before the window's own preload.
    session.defaultSession.setPreloads([path.join(__dirname, 'electron22-preload.cjs')]);
  });
}
