// Measures every view at every size: nothing overlaps, is cut off or exceeds its container, and the focus stays in the page after each
// command. Also runs axe with the rules of WCAG 2.2 AA in light, dark and forced colours.
import type { Page } from '@playwright/test';
import { file, tar } from '../../support/tar-builder.ts';
import { contrastComplaintsOf, wcagComplaintsOf } from '../support/axe.ts';
import { boxComplaintsOf } from '../support/boxes.ts';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, type LayerscopeWindow, type Options, test } from '../support/window.ts';

const NEW = dockerArchive(WEB_API, { name: 'acme/web-api:1.8', lastSteps: ['CMD ["node", "server.js"]'] });
const OLD = dockerArchive(WEB_API.slice(0, 4), { name: 'registry.example.com/a/very/long/repository/name/web-api:1.7-with-a-long-tag' });
const DEEP = dockerArchive(
  Array.from({ length: 112 }, (_, index) => ({
    createdBy: `RUN /bin/sh -c make step-${index} with --a-long-option=${index}`,
    tar: tar(file(`step/${index}`, 'x'.repeat(1_000 * (index + 1))), file('log', 'y'.repeat(100 * (index + 1)))),
  })),
  { name: 'acme/deep:112' },
);

/** Widths with their usual heights. Half of each size is the window at 200 %, but at least the 320 px of WCAG 1.4.10, Reflow. */
const SIZES = [600, 720, 900, 1320, 1440, 2560].flatMap((width) => {
  const height = width < 1000 ? 800 : 860;
  return [
    { what: `${width} px`, width, height },
    { what: `${width} px at 200 %`, width: Math.max(320, width / 2), height: height / 2 },
  ];
});

/** Themes change colours only; forced colours add borders too. */
const THEMES = [
  { what: 'light', media: { colorScheme: 'light', forcedColors: 'none' }, sizes: SIZES, axeWidths: [1320, 600], isWhole: true },
  { what: 'dark', media: { colorScheme: 'dark', forcedColors: 'none' }, sizes: [], axeWidths: [1320], isWhole: false },
  {
    what: 'forced colours',
    media: { colorScheme: 'light', forcedColors: 'active' },
    sizes: SIZES.filter(({ width }) => [320, 600, 1320].includes(width)),
    axeWidths: [1320],
    isWhole: false,
  },
] as const;

/** Known and accepted complaints, with reasons. */
const EXCEPTIONS: readonly { readonly complaint: RegExp; readonly why: string }[] = [
  { complaint: /^chain: ol is \d+ px wide/, why: 'in a narrow window the chain is a strip that scrolls sideways, as it says' },
];

/** A view, opened from the previous view in its group. */
interface View {
  readonly name: string;
  readonly reach: (page: Page, win: LayerscopeWindow) => Promise<unknown>;
}

interface Group {
  readonly name: string;
  readonly startWith: Readonly<Record<string, Uint8Array>>;
  readonly withCatalog?: Options['withCatalog'];
  readonly views: readonly View[];
}

const loaded = (page: Page) => expect(page.getByRole('treegrid')).toBeVisible();
const layer = (page: Page, index: number) => page.getByRole('button', { name: new RegExp(`^Layer ${index} `) }).click();
const catalogView = (page: Page, name: string) =>
  page.getByRole('radiogroup', { name: 'Catalog view' }).getByRole('radio', { name }).click();
const closeSheet = async (page: Page) => {
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
};

async function act(page: Page, title: string, action: string): Promise<void> {
  await page.getByRole('button', { name: `Actions for ${title}` }).click();
  await page.getByRole('menuitem', { name: action }).click();
}

async function file1(page: Page): Promise<void> {
  await layer(page, 1);
  await page.getByRole('row', { name: /modified libssl/ }).click();
  await page.keyboard.press('Enter');
}

const GROUPS: readonly Group[] = [
  {
    name: 'the empty window',
    startWith: {},
    views: [{ name: 'empty', reach: (page) => expect(page.getByText('Explore the sample image')).toBeVisible() }],
  },
  {
    name: 'one image',
    startWith: { 'new.tar': NEW },
    views: [
      { name: 'the whole image', reach: loaded },
      {
        name: 'the treemap',
        async reach(page) {
          await page.keyboard.press('t');
          await expect(page.getByRole('application', { name: 'Treemap' })).toBeVisible();
        },
      },
      {
        name: 'types and folders',
        async reach(page) {
          await page.keyboard.press('y');
          await expect(page.getByRole('table', { name: 'By kind of file' })).toBeVisible();
        },
      },
      {
        name: 'a layer and a file’s text',
        async reach(page) {
          await page.keyboard.press('y');
          await layer(page, 4);
          await page.getByRole('row', { name: /modified passwd/ }).click();
          await page.keyboard.press('Enter');
        },
      },
      {
        name: 'a file’s attributes',
        async reach(page) {
          await file1(page);
          await page.getByRole('tab', { name: 'Attributes' }).click();
        },
      },
      { name: 'a file’s raw header', reach: (page) => page.getByRole('tab', { name: 'Raw' }).click() },
      {
        name: 'a layer and its facts',
        async reach(page) {
          await page.keyboard.press('Escape');
          await layer(page, 1);
        },
      },
      {
        name: 'the filesystem',
        async reach(page) {
          await page.keyboard.press('2');
          await expect(page.getByRole('treegrid', { name: 'Files' })).toBeVisible();
        },
      },
    ],
  },
  {
    name: 'panels and sheets',
    startWith: { 'new.tar': NEW },
    views: [
      {
        name: 'waste',
        async reach(page) {
          await loaded(page);
          await page.keyboard.press('w');
          await expect(page.getByText('No file was written again with the same content.')).toBeAttached();
        },
      },
      { name: 'findings', reach: (page) => page.keyboard.press('p') },
      {
        name: 'the palette',
        async reach(page) {
          await page.keyboard.press('p');
          await page.keyboard.press('Control+k');
          await expect(page.getByRole('dialog')).toBeVisible();
        },
      },
      {
        name: 'the list of shortcuts',
        async reach(page) {
          await closeSheet(page);
          await page.keyboard.press('?');
          await expect(page.getByRole('dialog')).toBeVisible();
        },
      },
      {
        name: 'the settings',
        async reach(page) {
          await closeSheet(page);
          await page.getByRole('button', { name: 'Settings' }).click();
          await expect(page.getByRole('dialog')).toBeVisible();
        },
      },
      {
        name: 'a preview',
        async reach(page) {
          await closeSheet(page);
          await file1(page);
          await page.keyboard.press(' ');
          await expect(page.getByRole('dialog')).toBeVisible();
        },
      },
    ],
  },
  {
    name: '112 layers',
    startWith: { 'deep.tar': DEEP },
    views: [
      {
        name: 'a layer of three digits',
        async reach(page) {
          await loaded(page);
          await layer(page, 111);
        },
      },
      {
        name: 'the waste of 111 layers',
        async reach(page) {
          await page.keyboard.press('w');
          await expect(page.getByText('No file was written again with the same content.')).toBeAttached();
        },
      },
      {
        name: 'two layers compared',
        async reach(page) {
          await page.keyboard.press('w');
          await page.keyboard.press('3');
          await expect(page.getByRole('treegrid', { name: 'Differences' })).toBeVisible();
        },
      },
    ],
  },
  {
    name: 'two images',
    startWith: { 'old.tar': OLD, 'new.tar': NEW },
    views: [
      {
        name: 'a comparison',
        async reach(page) {
          await loaded(page);
          await page.keyboard.press('3');
          await expect(page.getByRole('treegrid', { name: 'Differences' })).toBeVisible();
        },
      },
    ],
  },
  {
    name: 'a catalog',
    startWith: {},
    withCatalog: { services: 4, tags: 3, broken: true },
    views: [
      {
        name: 'many images',
        async reach(page) {
          await loaded(page);
          await expect(page.getByRole('row', { name: /base\/node/ })).toBeVisible();
        },
      },
      {
        name: 'the layers of many images',
        async reach(page) {
          await catalogView(page, 'Layers');
          await page
            .getByRole('row', { name: /ADD debian-12/ })
            .locator('[data-twisty]')
            .click();
          await expect(page.getByRole('row', { name: /base\/node:22/ })).toBeVisible();
        },
      },
      {
        name: 'their tags',
        async reach(page) {
          await catalogView(page, 'Tags');
          await page
            .getByRole('row', { name: /^1\.2 / })
            .first()
            .click();
          await expect(page.getByRole('heading', { name: /shop\/checkout:1\.2/ })).toBeAttached();
          await page.goBack();
          await loaded(page);
        },
      },
      { name: 'a search without a text', reach: (page) => catalogView(page, 'Search') },
      {
        name: 'a search of all images',
        async reach(page) {
          await page.getByRole('searchbox').fill('*.js');
          await loaded(page);
        },
      },
      {
        name: 'a search that finds nothing',
        async reach(page) {
          await page.getByRole('searchbox').fill('nowhere');
          await expect(page.getByText('Not found in any image')).toBeVisible();
        },
      },
      {
        name: 'what a catalog lacks',
        async reach(page) {
          await catalogView(page, 'Problems');
          await expect(page.getByRole('table', { name: 'Problems in the catalog' })).toBeVisible();
        },
      },
    ],
  },
  {
    name: 'a store',
    startWith: {},
    views: [
      {
        name: 'the offer to import',
        async reach(page, win) {
          await win.drop(await win.write('new.tar', NEW));
          await expect(page.getByRole('region', { name: 'Import to store' })).toBeVisible();
        },
      },
      {
        name: 'a working copy',
        async reach(page) {
          await page.getByRole('region', { name: 'Import to store' }).getByRole('button', { name: 'Import' }).click();
          await expect(page.getByText('acme/web-api:1.8 is in the store')).toBeVisible();
          await act(page, 'acme/web-api:1.8', 'Create working copy');
          await expect(page.getByText('no changes · mounted')).toBeVisible();
          // Waits until the message that covers part of the window has disappeared.
          await expect(page.getByText(/ is mounted$/)).toHaveCount(0, { timeout: 20_000 });
        },
      },
      {
        name: 'the question before a removal',
        async reach(page) {
          await act(page, 'acme/web-api:1.8', 'Remove…');
          await expect(page.getByRole('dialog')).toContainText('Frees');
        },
      },
    ],
  },
];

/** The views in which each complaint was found. */
type Found = Map<string, string[]>;

async function measure(page: Page, found: Found): Promise<void> {
  const add = (complaint: string, where: string): void => {
    if (!EXCEPTIONS.some((known) => known.complaint.test(complaint))) found.set(complaint, [...(found.get(complaint) ?? []), where]);
  };
  for (const { what: theme, media, sizes, axeWidths, isWhole } of THEMES) {
    await page.emulateMedia(media);
    for (const { what, width, height } of sizes) {
      await page.setViewportSize({ width, height });
      for (const complaint of await boxComplaintsOf(page)) add(complaint, `${theme}, ${what}`);
    }
    for (const width of axeWidths) {
      await page.setViewportSize({ width, height: 860 });
      const complaints = await (isWhole ? wcagComplaintsOf(page) : contrastComplaintsOf(page));
      for (const complaint of complaints) add(`axe: ${complaint}`, `${theme}, ${width} px`);
    }
  }
  await page.emulateMedia(THEMES[0].media);
  await page.setViewportSize({ width: 1320, height: 860 });
}

for (const { name, startWith, withCatalog = null, views } of GROUPS) {
  test.describe(name, () => {
    test.use({ startWith, withCatalog });
    test(`${name}: no text overlaps, overflows or is cut off at any size, and axe finds nothing in any theme`, async ({ win }) => {
      test.setTimeout(600_000);
      for (const view of views) {
        await test.step(view.name, async () => {
          const found: Found = new Map();
          await view.reach(win.page, win);
          await measure(win.page, found);
          const lines = [...found].map(([complaint, places]) => `${complaint} (${places.join('; ')})`);
          expect.soft(lines.join('\n'), view.name).toBe('');
        });
      }
    });
  });
}

test.describe('commands', () => {
  test.use({ startWith: { 'old.tar': OLD, 'new.tar': NEW } });
  test('the focus stays in the page after every command', async ({ win }) => {
    const { page } = win;
    await loaded(page);
    const isLost = () => page.evaluate(() => document.activeElement === null || document.activeElement === document.body);
    for (const key of [
      '[',
      ']',
      '{',
      '}',
      '1',
      '2',
      '3',
      'x',
      '1',
      't',
      't',
      '+',
      '-',
      'w',
      'w',
      'p',
      'p',
      'c',
      'Control+b',
      'Control+b',
      'Control+d',
      'Control+d',
      'F6',
      'Shift+F6',
    ]) {
      // Each command starts with the focus in the page.
      if (await isLost()) await page.getByRole('row').nth(1).click();
      await page.keyboard.press(key);
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
      // A command that loads something moves the focus once it has been loaded.
      await expect.poll(isLost, `${key} loses the focus`).toBe(false);
    }
  });
});
