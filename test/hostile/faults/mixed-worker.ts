// Works on a store at the same time as other processes: `node mixed-worker.ts PLACE NUMBER ROUNDS`, with PLACE as JSON. Prints `done VERB`
// or `refused VERB CODE MESSAGE` for each verb.
import { rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { exportStoredImage, importLayerTar, verifyStore } from '#engine';
import { LayerscopeError } from '#model';
import { PortableDriver } from '../../../src/driver/portable/index.ts';
import { type Place, takeIn } from './place.ts';

const [placeText = '', number = '', rounds = ''] = process.argv.slice(2);
const place = JSON.parse(placeText) as Place;
const driver = await PortableDriver.open(place.home);

const imageOf = async (name: string) => {
  const image = (await driver.images.list()).find(({ names }) => names.includes(name));
  if (image === undefined) throw new LayerscopeError('NOT_FOUND', name);
  return image;
};
const mountAndRelease = async (id: string) => {
  await using _mount = await driver.mount(id);
};

const VERBS: Readonly<Record<string, () => Promise<unknown>>> = {
  'import-own-image': () => takeIn(driver, place.kept, `own:${number}`),
  'import-shared-image': () => takeIn(driver, place.next, 'shared:1'),
  'import-own-layer': async () => {
    if (!(await driver.exists(`own-${number}`)))
      await importLayerTar(driver, { id: `own-${number}`, parent: 'base', tar: { file: place.layer } });
  },
  'import-shared-layer': () => importLayerTar(driver, { id: 'shared', parent: null, tar: { file: place.layer } }),
  list: () => driver.list(),
  export: async () => {
    const to = path.join(place.out, `${number}.tar`);
    await exportStoredImage(await imageOf('kept:1'), 'docker-archive', to);
    rmSync(to);
  },
  'mount-image': async () => mountAndRelease((await imageOf('kept:1')).layers.at(-1) ?? ''),
  'mount-shared': () => mountAndRelease('shared'),
  'remove-shared-layer': () => driver.remove('shared'),
  'remove-shared-image': () => driver.images.remove('shared:1'),
  verify: async () => {
    // Only blobs that other processes remove in the meantime may be reported, as missing.
    for (const { id, message } of await verifyStore(driver)) {
      if (!/not there|is missing|no such file|NOT_FOUND|not in the archive/.test(message))
        throw new LayerscopeError('DIGEST_MISMATCH', `${id} ${message}`);
    }
  },
  cleanup: () => driver.cleanup(),
};

const names = Object.keys(VERBS);
for (let at = 0; at < names.length * Number(rounds); at++) {
  // Each process starts with a different verb, so that all verbs run at the same time.
  const name = names[(at + Number(number) * 3) % names.length] ?? '';
  try {
    await VERBS[name]?.();
    writeSync(1, `done ${name}\n`);
  } catch (error) {
    if (!(error instanceof LayerscopeError)) throw error;
    writeSync(1, `refused ${name} ${error.code} ${error.message}\n`);
  }
}
