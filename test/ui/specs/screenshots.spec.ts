import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { attestationOf, slsaPredicate, statement } from '../../support/attestation-builder.ts';
import { deltaHive, dword, hive, removedValue, sz } from '../../support/hive-builder.ts';
import { archiveOf, Files, ociImage, ociLayout } from '../../support/image-builder.ts';
import { directory, file, tar } from '../../support/tar-builder.ts';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, test } from '../support/window.ts';

const folder = path.resolve(import.meta.dirname, '..', '..', '..', 'assets', 'screenshots');

async function picture(page: Page, name: string) {
  // All machines must use the same typeface: Liberation Sans (Debian: fonts-liberation), or Arial, which has the same widths.
  const hasTypeface = await page.evaluate(() => {
    document.documentElement.style.setProperty('--font', "'Liberation Sans', Arial, sans-serif");
    const pen = document.createElement('canvas').getContext('2d');
    const width = (family: string) => {
      if (pen !== null) pen.font = `20px ${family}`;
      return pen?.measureText('Layerscope mill').width;
    };
    return width("'Liberation Sans', Arial, monospace") !== width('monospace');
  });
  expect(hasTypeface, 'Liberation Sans or Arial is installed').toBe(true);
  await page.mouse.move(0, 0);
  await page.waitForTimeout(700); // until the tooltip has disappeared
  // The pictures show a user's data folder instead of the specs' temporary ones.
  await page.evaluate(() => {
    for (const attribute of ['data-text', 'data-cut']) {
      for (const part of document.querySelectorAll(`[${attribute}]`)) {
        const text = part.getAttribute(attribute) ?? '';
        part.setAttribute(attribute, text.replace(/^\/tmp\/layerscope-ui-\w+\/data/, '/home/ada/.local/share'));
      }
    }
  });
  await page.screenshot({ path: path.join(folder, `${name}.png`), animations: 'disabled' });
}

async function openSample(page: Page) {
  await page.getByRole('button', { name: 'Explore the sample image' }).click();
  await expect(page.getByRole('treegrid')).toBeVisible();
}

test.use({ viewport: { width: 1440, height: 860 } });

test('the empty window', async ({ win: { page } }) => {
  await picture(page, 'empty');
});

test('a whole image: what made it big', async ({ win: { page } }) => {
  await openSample(page);
  await expect(page.getByRole('heading', { name: 'Whole image' })).toBeVisible();
  await picture(page, 'whole');
});

test('the changes of a layer and the text of a file', async ({ win: { page } }) => {
  await openSample(page);
  await page.getByRole('button', { name: /^Layer 2 / }).click();
  await page.getByRole('row', { name: /modified passwd/ }).click();
  await expect(page.getByRole('region', { name: 'Text differences' })).toBeVisible();
  await page.getByRole('button', { name: /^Layer 1 / }).click();
  await page.getByRole('row', { name: /modified sources\.list/ }).click();
  await expect(page.getByRole('region', { name: 'Text differences' })).toBeVisible();
  await picture(page, 'layer');
});

test('the changes of a range of layers', async ({ win: { page } }) => {
  await openSample(page);
  await page.getByRole('button', { name: /^Layer 1 / }).click();
  await page.getByRole('button', { name: /^Layer 4 / }).click({ modifiers: ['Shift'] });
  await expect(page.getByRole('heading', { name: 'Layers 1–4 combined' })).toBeVisible();
  await picture(page, 'range');
});

test('the breakdown of an image', async ({ win: { page } }) => {
  await openSample(page);
  await page.getByRole('radio', { name: 'Breakdown' }).click();
  await expect(page.getByRole('table', { name: 'Biggest files' })).toBeVisible();
  await picture(page, 'breakdown');
});

test('the filesystem as rectangles', async ({ win: { page } }) => {
  await openSample(page);
  await page.getByRole('button', { name: /^Layer 6 / }).click();
  await page.getByRole('radio', { name: 'Filesystem' }).click();
  await expect(page.getByRole('treegrid', { name: 'Files' })).toBeVisible();
  await page.getByRole('radio', { name: 'Treemap' }).click();
  await page.getByRole('application', { name: 'Treemap' }).focus();
  for (const key of ['ArrowRight', 'ArrowDown', 'ArrowRight', 'ArrowDown']) await page.keyboard.press(key);
  await expect(page.getByRole('heading', { name: 'curl' })).toBeVisible();
  await picture(page, 'treemap');
});

test('where a file comes from: the Dockerfile lines', async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('shop.tar', builtByBuildKit()));
  await page.getByRole('button', { name: /^Layer 1 / }).click();
  await page.getByRole('row', { name: /added shop/ }).click();
  const details = page.getByRole('region', { name: 'Details' });
  await details.getByRole('tab', { name: 'Origin' }).click();
  await expect(details).toContainText('in stage build (FROM golang:1.23)');
  await picture(page, 'origin');
});

/** Returns an image with two stages, and the provenance that BuildKit attaches in mode `max`. */
function builtByBuildKit(): Uint8Array {
  const dockerfile = `FROM golang:1.23 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build \\
    -trimpath -o /out/shop ./cmd/shop
FROM debian:12-slim
COPY --from=build /out/shop /usr/local/bin/
COPY static /srv/static
USER 1000
`;
  const files = new Files();
  const steps = [
    {
      created_by: '/bin/sh -c #(nop) ADD file:7b1 in /',
      tar: tar(file('etc/os-release', 'ID=debian\n'), file('bin/sh', 's'.repeat(120_000))),
    },
    {
      created_by: 'COPY /out/shop /usr/local/bin/ # buildkit',
      tar: tar(file('usr/local/bin/shop', 'g'.repeat(9_000_000), { mode: 0o755 })),
    },
    {
      created_by: 'COPY static /srv/static # buildkit',
      tar: tar(file('srv/static/app.css', 'c'.repeat(24_000)), file('srv/static/app.js', 'j'.repeat(81_000))),
    },
  ];
  const annotations = { 'org.opencontainers.image.ref.name': 'acme/shop:3.2' };
  const history = steps.map(({ created_by }) => ({ created_by }));
  const image = ociImage(files, { layers: steps.map((step) => ({ tar: step.tar })), config: { history }, annotations });
  const [base = '', copied = '', top = ''] = image.layers.map(({ digest }) => digest);
  const provenance = slsaPredicate('v1', dockerfile, {
    step0: { source: 'docker-image://docker.io/library/golang:1.23' },
    step1: { inputs: ['step0'], lines: [[2, 2]] },
    step2: { inputs: ['step1'], lines: [[3, 3]] },
    step3: { inputs: ['step2'], lines: [[4, 5]] },
    step4: { source: 'docker-image://docker.io/library/debian:12-slim@sha256:5f2', lines: [[6, 6]], layers: [[base]] },
    step5: { inputs: ['step4', 'step3'], lines: [[7, 7]], layers: [[base, copied]] },
    step6: { inputs: ['step5'], lines: [[8, 8]], layers: [[base, copied, top]] },
  });
  const attached = attestationOf(files, image, [statement(image.digest, 'https://slsa.dev/provenance/v1', provenance)]);
  return archiveOf(ociLayout(files, [image, attached]));
}

test('the waste of an image', async ({ win: { page } }) => {
  await openSample(page);
  await page.getByRole('button', { name: /^Waste: / }).click();
  const waste = page.getByRole('region', { name: 'Waste', exact: true });
  await waste
    .getByRole('button', { name: /_cacache\.tgz/ })
    .first()
    .click();
  await expect(page.getByRole('row', { name: /_cacache\.tgz/, selected: true })).toBeVisible();
  await waste.getByRole('region', { name: 'Causes and kinds' }).evaluate((element) => element.scrollIntoView({ block: 'start' }));
  await picture(page, 'waste');
});

test('stores, base images, and an import under way', async ({ win }) => {
  const { page } = win;
  const step = (createdBy: string, ...files: Uint8Array[]) => ({ createdBy, tar: tar(...files) });
  const images = [
    { name: 'acme/web-api:1.7', layers: WEB_API.slice(0, 4) },
    { name: 'acme/web-api:1.8', layers: WEB_API },
    {
      name: 'acme/worker:2.0',
      layers: [...WEB_API.slice(0, 2), step('RUN pip install worker', file('usr/lib/worker.py', 'w'.repeat(640_000)))],
    },
  ];
  for (const { name, layers } of images) {
    const title = name.replace(/^acme\/|:/g, '');
    await win.drop(await win.write(`${title}.tar`, dockerArchive(layers, { name })));
    await page.getByRole('region', { name: 'Import to store' }).getByRole('button', { name: 'Import' }).click();
    await expect(page.getByText(`${name} is in the store`)).toBeVisible();
    await page.getByRole('button', { name: `Close ${title}.tar` }).click();
  }
  await page.getByRole('button', { name: 'Actions for acme/worker:2.0' }).click();
  await page.getByRole('menuitem', { name: 'Create working copy' }).click();
  await expect(page.getByText('no changes · mounted')).toBeVisible();
  const copy = page.getByTitle(/^[0-9a-f]{64}\n\//).first();
  const mounted = ((await copy.getAttribute('title')) ?? '').split('\n').at(-1) ?? '';
  const store = page.getByRole('region', { name: 'Store', exact: true });
  await store
    .getByRole('button', { name: /web-api:1\.8 / })
    .first()
    .click();
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.getByRole('row', { name: /server\.js/ }).click();
  await page.waitForTimeout(6_500); // until the messages have disappeared
  await picture(page, 'store');

  await page.getByRole('button', { name: 'Actions for worker:2.0 + working copy' }).click();
  await page.getByRole('menuitem', { name: 'View changes' }).click();
  await page.getByRole('button', { name: /^Layer 3 .*working copy/ }).click();
  mkdirSync(path.join(mounted, 'etc', 'worker'));
  writeFileSync(path.join(mounted, 'etc', 'worker', 'worker.conf'), 'queue = mail\nworkers = 8\n');
  writeFileSync(path.join(mounted, 'usr', 'lib', 'worker.py'), 'x'.repeat(612_000));
  await page.getByRole('row', { name: /added worker\.conf/ }).click();
  await expect(page.getByText('workers = 8')).toBeVisible();
  await picture(page, 'working-copy');

  // Large enough to be still importing when the picture is taken.
  const big = Array.from({ length: 6 }, (_, index) =>
    step(`COPY part${index} /data`, file(`data/part${index}`, Buffer.alloc(120_000_000, index + 1))),
  );
  await win.drop(await win.write('nightly.tar', dockerArchive(big, { name: 'acme/nightly:2025-11-25' })));
  await page.getByRole('region', { name: 'Import to store' }).getByRole('button', { name: 'Import' }).click();
  await expect(page.getByRole('list', { name: 'In progress' })).toContainText(/layer [2-5] of 6/);
  await picture(page, 'import');
});

test.describe('in dark mode', () => {
  test.use({ colorScheme: 'dark' });

  test('the stacked filesystem and attributes', async ({ win: { page } }) => {
    await openSample(page);
    await page.getByRole('button', { name: /^Layer 6 / }).click();
    await page.getByRole('radio', { name: 'Filesystem' }).click();
    await page.getByRole('searchbox').fill('bin/');
    await page.getByRole('row', { name: /modified curl/ }).click();
    await page.getByRole('tab', { name: 'Attributes' }).click();
    await expect(page.getByRole('row', { name: /^Mode/ })).toBeVisible();
    await picture(page, 'stacked-dark');
  });

  test('two images side by side', async ({ win }) => {
    const { page } = win;
    const step = (createdBy: string, ...files: Uint8Array[]) => ({ createdBy, tar: tar(...files) });
    const server = (port: number) =>
      `const http = require('node:http');\n\nconst server = http.createServer(answer);\nserver.listen(${port});\n`;
    const old = step(
      'COPY dist /app',
      file('app/server.js', server(80)),
      file('app/app.css', 'a'.repeat(90_000)),
      file('etc/app.conf', 'port = 80\n'),
    );
    const next = step(
      'COPY dist /app',
      file('app/server.js', server(8080)),
      file('app/app.css', 'a'.repeat(31_000)),
      file('app/icons.svg', 'i'.repeat(24_000)),
    );
    const images = [
      { layers: [...WEB_API.slice(0, 4), old], options: { name: 'acme/web-api:1.7' } },
      {
        layers: [...WEB_API.slice(0, 4), next, step('RUN /bin/sh -c make assets', file('app/assets.bin', 'b'.repeat(240_000)))],
        options: { name: 'acme/web-api:1.8' },
      },
    ];
    for (const { layers, options } of images) {
      await win.drop(await win.write(`${options.name.slice(-3)}.tar`, dockerArchive(layers, options)));
      await expect(page.getByRole('heading', { name: options.name })).toBeVisible();
    }
    await page.getByRole('radio', { name: 'Compare' }).click();
    await page.getByRole('row', { name: /modified server\.js/ }).click();
    await expect(page.getByRole('region', { name: 'Text differences' })).toBeVisible();
    await picture(page, 'compare-dark');
  });
});

const SOFTWARE = hive({
  name: 'ROOT',
  keys: [
    {
      name: 'Microsoft',
      keys: [
        {
          name: 'Windows',
          keys: [
            {
              name: 'CurrentVersion',
              keys: [
                { name: 'Run', values: [sz('SecurityHealth', '%windir%\\system32\\SecurityHealthSystray.exe', 2)] },
                { name: 'Policies', keys: [{ name: 'System', values: [dword('EnableLUA', 1), dword('LegalNotice', 1)] }] },
              ],
            },
          ],
        },
        { name: 'PowerShell', keys: [{ name: '1', values: [sz('ExecutionPolicy', 'Restricted')] }] },
      ],
    },
    { name: 'OpenSSH', values: [sz('DefaultShell', 'C:\\Windows\\System32\\cmd.exe')] },
  ],
});
const INSTALLED = deltaHive({
  name: 'ROOT',
  keys: [
    {
      name: 'Microsoft',
      layer: 0x80,
      keys: [
        {
          name: 'Windows',
          layer: 0x80,
          keys: [
            {
              name: 'CurrentVersion',
              layer: 0x80,
              keys: [
                {
                  name: 'Run',
                  layer: 0x80,
                  values: [sz('Acme Agent', 'C:\\Program Files\\Acme\\agent.exe --quiet'), removedValue('SecurityHealth')],
                },
                { name: 'Policies', layer: 0x80, keys: [{ name: 'System', layer: 0x80, values: [dword('EnableLUA', 0)] }] },
                {
                  name: 'Uninstall',
                  layer: 3,
                  keys: [
                    {
                      name: 'Acme Agent',
                      layer: 3,
                      values: [
                        sz('DisplayName', 'Acme Agent'),
                        sz('DisplayVersion', '2.4.1'),
                        sz('Publisher', 'Acme Corporation'),
                        sz('UninstallString', 'C:\\Program Files\\Acme\\uninstall.exe'),
                        dword('EstimatedSize', 18_432),
                      ],
                    },
                  ],
                },
              ],
            },
          ],
        },
        { name: 'PowerShell', layer: 0x80, keys: [{ name: '1', layer: 0x80, values: [sz('ExecutionPolicy', 'RemoteSigned')] }] },
      ],
    },
    { name: 'OpenSSH', layer: 1 },
  ],
});

test.describe('many images', () => {
  test.use({ withCatalog: { services: 12, tags: 6 } });
  test('the layers of a catalog, and which images are built on them', async ({ win: { page } }) => {
    test.slow(); // the command line indexes the fleet
    await page.getByRole('radiogroup', { name: 'Catalog view' }).getByRole('radio', { name: 'Layers' }).click();
    await page
      .getByRole('row', { name: /RUN npm ci/ })
      .first()
      .locator('[data-twisty]')
      .click();
    await picture(page, 'catalog');
  });
});

test('what a Windows image’s layer changed in the registry', async ({ win }) => {
  const { page } = win;
  const layers = [
    {
      tar: tar(directory('Files/'), file('Files/Windows/System32/config/SOFTWARE', SOFTWARE)),
      createdBy: 'Apply image 10.0.20348.2113',
    },
    {
      tar: tar(
        directory('Hives/'),
        file('Hives/Software_Delta', INSTALLED),
        file('Files/Program Files/Acme/agent.exe', 'x'.repeat(40_000)),
      ),
      createdBy: 'cmd /S /C agent-setup.exe /quiet',
    },
    { tar: tar(file('Files/agent.json', '{}')), createdBy: 'cmd /S /C copy agent.json C:\\' },
  ];
  await win.drop(await win.write('agent.tar', dockerArchive(layers, { name: 'acme/agent:2.4', os: 'windows' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.getByRole('radio', { name: 'Registry' }).click();
  await page.getByRole('button', { name: /^Layer 1 / }).click();
  await page.getByRole('row', { name: /\bRun\b/ }).click();
  await expect(page.getByRole('row', { name: /\bRun\b/ })).toHaveAttribute('aria-selected', 'true');
  await picture(page, 'registry');
});
