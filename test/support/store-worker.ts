// A process that works on a portable store until it is killed: `node store-worker.ts HOME LAYER IMAGE SEED`. Prints each step when it
// starts and when it is done: `+ has ID`, `= has ID`, `+ gone ID`, `= gone ID`, with names for images.
import { writeSync } from 'node:fs';
import { createReader } from '#archive';
import { importArchive, importLayerTar } from '#engine';
import { PortableDriver } from '../../src/driver/portable/index.ts';

const [home = '', layer = '', image = '', seed = '0'] = process.argv.slice(2);
const driver = await PortableDriver.open(home);
const reader = createReader({ cacheFolder: null, workers: 0 });
const archive = await reader.open(image);

async function step(what: 'has' | 'gone', id: string, work: () => Promise<unknown>): Promise<void> {
  writeSync(1, `+ ${what} ${id}\n`);
  await work();
  writeSync(1, `= ${what} ${id}\n`);
}

writeSync(1, 'ready\n');
for (let round = Number(seed) * 1000; ; round++) {
  const id = `r${round}`;
  const steps = [
    async () => {
      const parent = (await driver.list()).find(({ chain }) => chain.length < 4)?.id ?? null;
      await step('has', id, () => importLayerTar(driver, { id, parent, tar: { file: layer } }));
    },
    () => step('has', `image:${round % 3}`, () => importArchive(driver, archive, { name: `image:${round % 3}` })),
    async () => {
      const top = (await driver.list())[0]?.id ?? null;
      await driver.createReadWrite(`${id}-run`, top);
      {
        await using _mount = await driver.mount(`${id}-run`);
      }
      await driver.remove(`${id}-run`);
    },
    async () => {
      const layers = await driver.list();
      const parents = new Set(layers.map(({ parent }) => parent));
      const free = layers.find((known) => known.id.startsWith('r') && known.images === undefined && !parents.has(known.id));
      if (free !== undefined && layers.length > 4) await step('gone', free.id, () => driver.remove(free.id));
    },
    async () => {
      const [stored] = await driver.images.list();
      const name = stored?.names[0];
      if (name === undefined) return;
      // If another layer is based on the image, the removal is refused and the image stays.
      await step('gone', name, () => driver.images.remove(name)).catch(() => writeSync(1, `= has ${name}\n`));
    },
    () => driver.cleanup(),
  ];
  // Each process starts with a different step, so that even short-lived ones cover all of them.
  for (let at = 0; at < steps.length; at++) await steps[(at + Number(seed)) % steps.length]?.();
}
