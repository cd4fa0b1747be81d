import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { layerColour } from '../../renderer/state/layer-colours.ts';

type Rgb = readonly [number, number, number];

function hslOf(colour: string): Rgb {
  const [hue = 0, saturation = 0, lightness = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return [hue, saturation, lightness];
}

/** Returns red, green and blue, from 0 to 1. */
function rgbOf(colour: string): Rgb {
  const [hue, saturation, lightness] = hslOf(colour);
  const [s, l] = [saturation / 100, lightness / 100];
  const part = (at: number) => {
    const k = (at + hue / 30) % 12;
    return l - s * Math.min(l, 1 - l) * Math.max(-1, Math.min(k - 3, 9 - k, 1));
  };
  return [part(0), part(8), part(4)];
}

function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: Rgb, b: Rgb): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((one, other) => one - other);
  return (high + 0.05) / (low + 0.05);
}

/** Returns the colours of a token in the light theme and in the dark one. */
function token(name: string): readonly Rgb[] {
  const tokens = readFileSync(new URL('../../renderer/styles/tokens.css', import.meta.url), 'utf8');
  return [...tokens.matchAll(new RegExp(`${name}: #([0-9a-f]{6});`, 'g'))].map(
    ([, hex = '']) => [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255) as unknown as Rgb,
  );
}

test('labels are legible on the colours for any number of layers', () => {
  for (const [at, dark] of [false, true].entries()) {
    for (const name of ['--strata-text', '--strata-text-2']) {
      const text = token(name)[at] as Rgb;
      for (let count = 1; count <= 127; count++) {
        for (let layer = 0; layer < count; layer++) {
          const { fill } = layerColour(layer, count, dark);
          assert.ok(contrast(rgbOf(fill), text) >= 4.5, `${name} on ${fill}, layer ${layer} of ${count}`);
        }
      }
    }
  }
});

test('with up to seven layers, no two are green', () => {
  for (let count = 2; count <= 7; count++) {
    const hues = Array.from({ length: count }, (_, layer) => hslOf(layerColour(layer, count, false).fill)[0]);
    assert.ok(hues.filter((hue) => hue > 75 && hue < 155).length <= 1, hues.join(', '));
    assert.deepEqual(
      hues,
      [...new Set(hues)].sort((a, b) => a - b),
    );
  }
});

test('in the dark theme, every layer stands out from the background', () => {
  const ground = token('--ground').at(1) as Rgb;
  for (let count = 1; count <= 12; count++) {
    for (let layer = 0; layer < count; layer++) {
      const { fill } = layerColour(layer, count, true);
      assert.ok(contrast(rgbOf(fill), ground) >= 1.5, `${fill}, layer ${layer} of ${count}`);
    }
  }
});
