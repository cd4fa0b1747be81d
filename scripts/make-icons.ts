// Makes the program's icons from assets/icon.svg: PNG files for Linux and macOS in assets/icons, icon.ico and icon.icns for installers. Run
// it by hand after changing the drawing: node scripts/make-icons.ts
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chromium } from '@playwright/test';
import { ensureChromium } from './browser.ts';

const assets = path.join(import.meta.dirname, '..', 'assets');
const SIZES = [16, 24, 32, 48, 64, 128, 256, 512, 1024] as const;
type Size = (typeof SIZES)[number];

async function draw(svg: string): Promise<ReadonlyMap<Size, Buffer>> {
  const executablePath = ensureChromium();
  const browser = await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
  const drawn = new Map<Size, Buffer>();
  try {
    for (const size of SIZES) {
      const page = await browser.newPage({ viewport: { width: size, height: size } });
      await page.setContent(`<style>html,body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`);
      drawn.set(size, await page.screenshot({ omitBackground: true }));
      await page.close();
    }
  } finally {
    await browser.close();
  }
  return drawn;
}

/** Returns an .ico file: a 6-byte header, 16 bytes for each picture, then the pictures as PNG, which Windows has supported since Vista. */
function ico(pictures: readonly (readonly [number, Buffer])[]): Buffer {
  const head = Buffer.alloc(6 + 16 * pictures.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(pictures.length, 4);
  let offset = head.length;
  for (const [at, [size, png]] of pictures.entries()) {
    const entry = 6 + 16 * at;
    head.writeUInt8(size === 256 ? 0 : size, entry);
    head.writeUInt8(size === 256 ? 0 : size, entry + 1);
    head.writeUInt16LE(1, entry + 4);
    head.writeUInt16LE(32, entry + 6);
    head.writeUInt32LE(png.length, entry + 8);
    head.writeUInt32LE(offset, entry + 12);
    offset += png.length;
  }
  return Buffer.concat([head, ...pictures.map(([, png]) => png)]);
}

/** Returns an .icns file: `icns`, its length, and for each picture a type, the length including these 8 bytes, and a PNG. */
function icns(pictures: readonly (readonly [string, Buffer])[]): Buffer {
  const parts = pictures.map(([type, png]) => {
    const head = Buffer.alloc(8);
    head.write(type, 'latin1');
    head.writeUInt32BE(png.length + 8, 4);
    return Buffer.concat([head, png]);
  });
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.write('icns', 'latin1');
  head.writeUInt32BE(body.length + 8, 4);
  return Buffer.concat([head, body]);
}

const drawn = await draw(readFileSync(path.join(assets, 'icon.svg'), 'utf8'));
const png = (size: Size): Buffer => drawn.get(size) ?? Buffer.alloc(0);
mkdirSync(path.join(assets, 'icons'), { recursive: true });
for (const size of SIZES) if (size <= 512) writeFileSync(path.join(assets, 'icons', `${size}x${size}.png`), png(size));
const ICO_SIZES = [16, 24, 32, 48, 64, 128, 256] as const;
writeFileSync(path.join(assets, 'icon.ico'), ico(ICO_SIZES.map((size) => [size, png(size)])));
const ICNS_TYPES = { icp4: 16, icp5: 32, ic07: 128, ic08: 256, ic09: 512, ic10: 1024, ic11: 32, ic12: 64, ic13: 256, ic14: 512 } as const;
writeFileSync(path.join(assets, 'icon.icns'), icns(Object.entries(ICNS_TYPES).map(([type, size]) => [type, png(size)])));
