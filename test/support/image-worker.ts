// A process that repeatedly imports an image into a portable store and removes it again: `node image-worker.ts HOME IMAGE NAME TIMES`. The
// last import stays.
import { createReader } from '#archive';
import { importArchive } from '#engine';
import { PortableDriver } from '../../src/driver/portable/index.ts';

const [home = '', image = '', name = '', times = '1'] = process.argv.slice(2);
await using driver = await PortableDriver.open(home);
await using reader = createReader({ cacheFolder: null, workers: 0 });
await using archive = await reader.open(image);
for (let round = 0; round < Number(times); round++) {
  if (round > 0) {
    await driver.images.remove(name);
    await driver.cleanup();
  }
  await importArchive(driver, archive, { name });
}
