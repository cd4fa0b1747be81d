// The second process of ./elevation.test.ts: what `layerscope --driver-host` does, with Node in place of Electron.
import { runDriverHost } from '../../src/driver/windows/elevated/index.ts';

process.exit(await runDriverHost(process.argv));
