// Mounts a layer and waits to be killed: `mount-and-wait.ts HOME ID`. Prints `mounted` when ready.
import { openNative } from '../../src/driver/windows/ffi/open-native.ts';
import { WindowsDriver } from '../../src/driver/windows/windows-driver.ts';

const [home = '', id = ''] = process.argv.slice(2);
await new WindowsDriver('windowsfilter', home, openNative()).mount(id);
console.log('mounted');
setInterval(() => {}, 60_000);
