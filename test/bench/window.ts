// `npm run bench:window [-- IMAGE]`: measures the window in Chromium, against the loopback host, with an image of a million files: the time
// from a click to the next frame when opening folders, sorting and filtering, the longest frame while scrolling, the time until a layer's
// changes are painted, and whether memory stays flat while layers are browsed. Prints the figures next to our targets; there is no
// pass/fail limit.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { ensureChromium } from '../../scripts/browser.ts';
import { buildIfStale } from '../../scripts/stale.ts';
import { benchImage } from './images.ts';
import { median } from './measure.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const out = process.env.LAYERSCOPE_OUT ?? path.join(root, 'dist');
const RUNS = Number(process.env.LAYERSCOPE_BENCH_RUNS ?? 5);
/** Number of rounds over all layers, each with everything expanded. */
const ROUNDS = 5;
/** Slows the page's processor down by this factor, to simulate a slower machine. */
const SLOWER = Number(process.env.LAYERSCOPE_BENCH_SLOWER ?? 1);

function row(what: string, value: string, aim: string): void {
  console.log(`${what.padEnd(64)} ${value.padStart(34)}   aim ${aim}`);
}

const ms = (value: number): string => `${value.toFixed(0)} ms`;
const several = (values: readonly number[]): string => `${ms(median(values))} (${values.map((each) => each.toFixed(0)).join(' ')})`;

/** Actions that run in the page. Each is measured from its start to the frame that shows its result. */
const MEASURE = `(() => {
  const drawn = () => new Promise((resolve) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => resolve();
    channel.port2.postMessage(0);
  }));
  const timed = async (act) => {
    await drawn();
    const start = performance.now();
    act();
    await Promise.resolve();
    const busy = performance.now() - start;
    await drawn();
    return { busy, drawn: performance.now() - start };
  };
  // Measures work that may be split between frames: the time until it ends, and the longest frame.
  const untilDone = async (act) => {
    const outcome = () => document.querySelector('[data-pane="changes"] header [role=status]').textContent;
    await drawn();
    const start = performance.now();
    let longest = 0;
    let last = start;
    act();
    const busy = performance.now() - start;
    do {
      await drawn();
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    } while (outcome().endsWith('…'));
    return { busy, drawn: last - start, longest };
  };
  const find = (selector, text) => [...document.querySelectorAll(selector)].find((each) => text === undefined || each.textContent.includes(text));
  const key = (element, name) => element.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }));
  const type = (text) => {
    const field = document.querySelector('[data-filter]');
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, text);
    field.dispatchEvent(new Event('input', { bubbles: true }));
  };
  window.bench = {
    sort: (name) => untilDone(() => find('[role=columnheader] button', name).click()),
    keyOnRow: (name) => timed(() => key(document.querySelector('[role=row][tabindex="0"]'), name)),
    filter: async (text) => {
      type(text);
      await new Promise((resolve) => setTimeout(resolve, 0));
      return untilDone(() => key(document.querySelector('[data-filter]'), 'Enter'));
    },
    // Measures from the click on a layer until its changes are drawn.
    layer: (index) => new Promise((resolve) => {
      const start = performance.now();
      document.querySelector('[data-layer="' + index + '"]').click();
      const look = async () => {
        const title = document.querySelector('[data-pane="changes"] h2').textContent;
        const row = document.querySelector('[role=treegrid] [data-row]');
        if (title !== 'Layer ' + index || row === null) return requestAnimationFrame(look);
        await drawn();
        resolve(performance.now() - start);
      };
      look();
    }),
    rows: () => Number(document.querySelector('[role=treegrid]')?.getAttribute('aria-rowcount') ?? 0),
    pagesCome: async () => {
      let longest = 0;
      let last = performance.now();
      for (let quiet = 0; quiet < 20; ) {
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        longest = Math.max(longest, now - last);
        last = now;
        quiet = document.querySelector('[data-pane="changes"] header').textContent.includes(' of ') ? 0 : quiet + 1;
      }
      return longest;
    },
    scroll: async (frames, step) => {
      const grid = document.querySelector('[role=treegrid]');
      grid.scrollTop = 0;
      const gaps = [];
      let last = await new Promise(requestAnimationFrame);
      for (let i = 0; i < frames; i++) {
        grid.scrollTop += step;
        const now = await new Promise(requestAnimationFrame);
        gaps.push(now - last);
        last = now;
      }
      return gaps;
    },
  };
})()`;

interface Timed {
  readonly busy: number;
  readonly drawn: number;
  /** The longest time between two frames. */
  readonly longest?: number;
}

const call = <T>(page: Page, script: string): Promise<T> => page.evaluate(`window.bench.${script}`) as Promise<T>;

async function times(page: Page, act: () => Promise<Timed>, before: () => Promise<unknown> = async () => {}): Promise<Timed[]> {
  const measured: Timed[] = [];
  for (let i = 0; i < RUNS; i++) {
    await before();
    await page.waitForTimeout(120);
    measured.push(await act());
  }
  return measured;
}

function print(what: string, measured: readonly Timed[]): void {
  row(`${what}: busy`, several(measured.map(({ busy }) => busy)), '≤ 50 ms');
  row(`${what}: until drawn`, several(measured.map(({ drawn }) => drawn)), '');
  const frames = measured.flatMap(({ longest }) => (longest === undefined ? [] : [longest]));
  if (frames.length > 0) row(`${what}: longest frame`, several(frames), '≤ 50 ms');
}

const wanted = process.argv[2];
if (process.env.LAYERSCOPE_OUT === undefined) buildIfStale('current');
const image = wanted ?? benchImage({ name: 'million', layers: 6, files: 960_000, meanBytes: 10, filesInFolder: 20 }, false).plain;
const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-bench-'));
const host = spawn(process.execPath, [path.join(out, 'cli.js'), 'serve', path.resolve(image)], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, XDG_CACHE_HOME: folder },
});
const browser = await chromium.launch({ executablePath: ensureChromium(), chromiumSandbox: process.getuid?.() !== 0 });
try {
  const address = await new Promise<string>((resolve, reject) => {
    let text = '';
    host.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = /http:\/\/\S+/.exec(text)?.[0];
      if (found !== undefined && text.includes('\n')) resolve(found);
    });
    host.once('exit', (code) => reject(new Error(`the host ended with ${code}`)));
  });
  const page = await browser.newPage({ viewport: { width: 1320, height: 860 } });
  await page.goto(address);
  await page.getByRole('treegrid').waitFor({ timeout: 120_000 });
  await page.evaluate(MEASURE);
  const session = await page.context().newCDPSession(page);
  if (SLOWER > 1) await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  const slower = SLOWER > 1 ? `, the page ${SLOWER} times slower` : '';
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Chromium ${browser.version()}${slower}\n`);
  const top = await page.locator('[data-layer]').count();
  const paints: number[] = [];
  // The window opens with the whole image chosen, so that each layer is chosen for the first time here.
  for (let layer = top - 1; layer >= 0; layer--) {
    paints.push(await call<number>(page, `layer(${layer})`));
    await page.waitForTimeout(300);
  }
  row('layer selected for the first time, until its changes are drawn', several(paints), '≤ 150 ms');
  await page.locator(`[data-layer="${top - 1}"]`).click();
  await page.getByRole('radio', { name: 'Filesystem' }).click();
  await page.getByRole('treegrid', { name: 'Files' }).waitFor({ timeout: 120_000 });
  const longest = await pagesCome(page);
  row('longest frame while pages of the table arrive', ms(longest), '≤ 50 ms');

  await page.getByRole('row').nth(1).click();
  await page.keyboard.press('Home');
  print(
    'every folder opened',
    await times(
      page,
      () => call(page, "keyOnRow('+')"),
      () => call(page, "keyOnRow('-')"),
    ),
  );
  row('rows in sight', (await call<number>(page, 'rows()')).toLocaleString('en'), '');
  await page.keyboard.press('Home');
  print(
    'a folder opened or closed',
    await times(
      page,
      () => call(page, "keyOnRow('ArrowLeft')"),
      async () => {
        await call(page, "keyOnRow('ArrowRight')");
        await page.waitForTimeout(100);
        await call(page, "keyOnRow('ArrowRight')");
        await page.keyboard.press('Home');
      },
    ),
  );
  await call(page, "keyOnRow('ArrowRight')");
  print('sorted by size', await times(page, () => call(page, "sort('Size')")));
  print('sorted by name', await times(page, () => call(page, "sort('Name')")));
  await call(page, "sort('Name')");
  for (const text of ['7', 'file-0012', 'zzzz', '*.js', '/12[0-9]4/']) {
    print(
      `filtered: ${text}`,
      await times(
        page,
        () => call(page, `filter(${JSON.stringify(text)})`),
        () => call(page, "filter('')"),
      ),
    );
  }
  await call(page, "filter('')");
  await page.waitForTimeout(500);
  for (const [what, step] of [
    ['by rows', 72],
    ['by screens', 800],
    ['by the scrollbar', 90_000],
  ] as const) {
    const gaps = await call<number[]>(page, `scroll(150, ${step})`);
    row(`longest frame while scrolling ${what}`, `${ms(Math.max(...gaps))}, median ${ms(median(gaps))}`, '≤ 50 ms');
  }
  await page.getByRole('radio', { name: 'Layer' }).click();
  for (let round = 1; round <= ROUNDS; round++) {
    for (let layer = 0; layer < top; layer++) {
      await call(page, `layer(${layer})`);
      await call(page, "keyOnRow('+')");
      await call(page, 'pagesCome()');
    }
    await session.send('HeapProfiler.collectGarbage');
    const { nodes } = await session.send('Memory.getDOMCounters');
    const { usedSize, backingStorageSize } = await session.send('Runtime.getHeapUsage');
    const held = `${((usedSize + backingStorageSize) / 1e6).toFixed(0)} MB, ${nodes.toLocaleString('en')} nodes`;
    row(`memory of the page after ${round} ${round === 1 ? 'round' : 'rounds'} over all layers`, held, round === 1 ? 'flat from here' : '');
  }
} finally {
  await browser.close();
  host.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}

/** Waits for the rest of the table; returns the longest time between two frames. */
async function pagesCome(page: Page): Promise<number> {
  return call(page, 'pagesCome()');
}
