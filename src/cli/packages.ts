import { chooseLayer } from '#engine';
import { packageLines, packagesOf } from '#engine/packages';
import { displayPath, displayText, unescapePath } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { loadChosen, requireLayer, warnOfGaps } from './load-input.ts';
import { openInput } from './open-input.ts';
import { IMAGE_OPTIONS, JSON_OPTION } from './options.ts';
import { installedText, layersText } from './packages-text.ts';

export const spec: CommandSpec = {
  name: 'packages',
  operands: 'IMAGE',
  minOperands: 1,
  maxOperands: 1,
  options: {
    layer: { value: 'N|DIGEST', summary: 'print the packages as seen at this layer instead' },
    sbom: { value: 'FILE|attached', summary: 'compare with this SBOM (SPDX 2 or CycloneDX in JSON), or with those attached to the image' },
    json: JSON_OPTION,
    ...IMAGE_OPTIONS,
  },
  summary: 'What each layer added, upgraded and removed, in packages, and what that weighs.',
  notes: [
    'Packages of dpkg, Chisel, rpm, apk, pacman, opkg, npm, Python, RubyGems, Go, Rust (cargo-auditable), Maven, NuGet, Nix and Conda. A',
    'package’s bytes are those of the layer’s own files that it owns. An upgraded package’s old files, and a removed one’s, remain in the',
    'layers below, and so do the old copies of files that a layer writes again, as chmod and chown do.',
  ],
};

export async function run(context: Context, args: Arguments): Promise<number> {
  await using input = await openInput(context, args, args.operands[0] ?? '');
  const loaded = await loadChosen(context, args, input);
  const wanted = args.value('layer');
  const chosen = wanted === undefined ? null : chooseLayer(loaded.image, wanted);
  if (chosen !== null) requireLayer(loaded, chosen);
  const top = chosen?.index ?? loaded.image.layers.length - 1;
  warnOfGaps(context, loaded, 0, top);
  const { out, signal } = context;
  const packages = await packagesOf(loaded, { layer: top, signal });
  for (const { layer, path, code, message } of packages.problems) {
    const place = path === '' ? '' : `, ${displayPath(unescapePath(path))}`;
    context.warn(`layer ${layer}${place}: ${code}: ${displayText(message)}: the rest is shown`);
  }
  const view = chosen !== null;
  const sbom = args.value('sbom');
  if (sbom !== undefined) {
    const { sbomLines } = await import('./packages-sbom.ts');
    for await (const line of sbomLines(context, { loaded, packages, value: sbom, json: args.flag('json') })) out.write(line);
    return EXIT.done;
  }
  const lines = args.flag('json')
    ? packageLines(packages, { view })
    : view
      ? installedText(packages, context.style)
      : layersText(packages, loaded, context.style);
  for (const line of lines) {
    out.write(line);
    if (out.full) await out.drain();
  }
  return EXIT.done;
}
