// The store's thread with the Windows drivers on the stand-in for vmcompute.dll, so that specs can use windowsfilter without Windows.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { parentPort } from 'node:worker_threads';
import { openDriver } from '#driver';
import { serveStores } from '#engine';
import { WindowsDriver } from '../../../src/driver/windows/windows-driver.ts';
import { NodeFiles } from '../../native/node-files.ts';
import { StandIn } from '../../native/stand-in.ts';
import { FakeVolumes } from '../../support/fake-volumes.ts';

const { LAYERSCOPE_STAND_IN: library = '', LAYERSCOPE_STAND_IN_FOLDER: folder = '' } = process.env;

if (parentPort !== null) {
  const standIn = new StandIn(library);
  const images = path.join(folder, 'Images');
  const store = path.join(images, 'CN=Microsoft_NanoServer_10.0.14393.0');
  mkdirSync(path.join(store, 'Files'), { recursive: true });
  const image = { Name: 'NanoServer', Version: '10.0.14393.0', Path: store, Size: 652_000_000, CreatedTime: '2016-07-16T12:00:00Z' };
  standIn.setBaseImages(JSON.stringify({ Images: [image] }));
  const native = {
    layers: standIn.layers,
    files: new NodeFiles(),
    volumes: new FakeVolumes(),
    paths: path,
    windowsBuild: () => 20_348,
    enablePrivileges: () => {},
  };
  const windows = (name: 'windowsfilter' | 'windowsdiff', home: string) => new WindowsDriver(name, home, native);
  let asked = 0;
  serveStores(parentPort, {
    open: async (name, home, options = {}) =>
      name === 'portable' || options.readOnly === true ? openDriver(name, home, options) : windows(name, home),
    // As on Windows without administrator rights: the first request to elevate is declined.
    needsElevation: (name) => name !== 'portable' && process.env.LAYERSCOPE_STAND_IN_ELEVATION === '1',
    openElevated: async (name, home) => (asked++ === 0 ? null : windows(name, home)),
  });
}
