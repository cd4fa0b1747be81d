// Test-only: adds what the product needs and an old Electron (22: Chrome 108, Node 16) lacks. Loaded before main.cjs with -r. Does nothing
// on a runtime that has everything.
'use strict';
const path = require('node:path');
const { app, session } = require('electron');

if (process.env.LAYERSCOPE_TEST_PROFILE) app.setPath('userData', process.env.LAYERSCOPE_TEST_PROFILE);
require('./node16-shim.cjs');

const major = Number.parseInt(process.versions.electron, 10);
if (major < 32) {
  app.whenReady().then(() => {
    // webUtils came with Electron 32; before that a File had a path property. Runs before the window's own preload.
    session.defaultSession.setPreloads([path.join(__dirname, 'electron22-preload.cjs')]);
  });
}
