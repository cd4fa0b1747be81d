// A process that works on a portable store until it is killed: `node store-worker.ts HOME TAR SEED`.
import { PortableDriver } from '../../src/driver/portable/index.ts';

const [home = '', tar = '', seed = '0'] = process.argv.slice(2);
const driver = await PortableDriver.open(home);
process.stdout.write('ready\n');
for (let round = Number(seed) * 1000; ; round++) {
  const id = `r${round}`;
  const parent = (await driver.list()).find(({ chain }) => chain.length < 4)?.id ?? null;
  await driver.create(id, parent);
  await driver.applyBlob(id, tar);
  await driver.createReadWrite(`${id}-run`, id);
  {
    await using _mount = await driver.mount(`${id}-run`);
  }
  await driver.remove(`${id}-run`);
  await driver.cleanup();
  const layers = await driver.list();
  if (layers.length > 6) {
    const parents = new Set(layers.map((layer) => layer.parent));
    for (const layer of layers.filter((known) => !parents.has(known.id)).slice(0, 3)) await driver.remove(layer.id);
  }
}
