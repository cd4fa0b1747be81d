import { file, tar } from '../../support/tar-builder.ts';
import { dockerArchive } from '../support/images.ts';
import { expect, test } from '../support/window.ts';

test('bars of a breakdown use the available space, have one scale, and show even the smallest share', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const layers = [
    {
      createdBy: 'COPY . /',
      tar: tar(file('app/data.bin', 'x'.repeat(3_000_000)), file('app/old.bin', 'y'.repeat(40_000)), file('etc/motd', 'hi')),
    },
    { createdBy: 'RUN rm /app/old.bin', tar: tar(file('app/.wh.old.bin')) },
  ];
  await win.drop(await win.write('image.tar', dockerArchive(layers, { name: 'acme/image:1' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.keyboard.press('y');
  await expect(page.getByRole('table', { name: 'Biggest files' })).toBeVisible();
  const least = new Map([
    [1320, 60],
    [1600, 140],
    [2560, 300],
    [1000, 0],
    [720, 0],
    [560, 60],
  ]);
  for (const [width, wanted] of least) {
    await page.setViewportSize({ width, height: 860 });
    const bars = await page.getByRole('region', { name: 'Changes' }).evaluate((pane) =>
      [...pane.querySelectorAll<HTMLElement>('td:nth-child(2) > [aria-hidden]')].map((track) => ({
        track: Math.round(track.getBoundingClientRect().width),
        bar: track.querySelector('i')?.getBoundingClientRect().width ?? 0,
        row: track.closest('tr')?.textContent ?? '',
        name: track.closest('tr')?.querySelector('th')?.getBoundingClientRect().width ?? 0,
        inside: track.getBoundingClientRect().right <= pane.getBoundingClientRect().right,
      })),
    );
    const drawn = bars.filter(({ track }) => track > 0);
    expect(drawn.length > 0 || wanted === 0, `${width} px`).toBe(true);
    for (const { track, bar, row, name, inside } of drawn) {
      expect(track, `${width} px, ${row}`).toBe(drawn[0]?.track);
      expect(track, `${width} px, ${row}`).toBeGreaterThanOrEqual(wanted);
      expect(bar, `${width} px, ${row}`).toBeGreaterThanOrEqual(1);
      expect(name, `${width} px, ${row}`).toBeGreaterThanOrEqual(130);
      expect(inside, `${width} px, ${row}`).toBe(true);
    }
  }
  expect(win.complaints).toEqual([]);
});
