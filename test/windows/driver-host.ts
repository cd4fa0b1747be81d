// The elevated process of ./elevation.test.ts: `layerscope --driver-host`, run by Node instead of Electron.
import { runDriverHost } from '../../src/driver/windows/elevated/index.ts';

process.exit(await runDriverHost(process.argv));
