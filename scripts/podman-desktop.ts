// `npm run dist:podman-desktop`: builds the extension for Podman Desktop into out/podman-desktop.
import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { build } from 'vite';
import { nodeBundle } from './bundles.ts';

const root = path.dirname(import.meta.dirname);
const source = path.join(root, 'extensions', 'podman-desktop');
const out = path.join(root, 'out', 'podman-desktop');

const bundle = nodeBundle({
  input: { extension: path.join(source, 'extension.ts') },
  outDir: path.join(out, 'dist'),
  format: 'cjs',
  target: 'node20',
});
await build({
  ...bundle,
  ssr: { ...bundle.ssr, external: ['@podman-desktop/api'] },
  build: { ...bundle.build, rolldownOptions: { ...bundle.build?.rolldownOptions, external: ['@podman-desktop/api', /^node:/] } },
});
mkdirSync(out, { recursive: true });
for (const name of ['package.json', 'README.md']) copyFileSync(path.join(source, name), path.join(out, name));
copyFileSync(path.join(root, 'LICENSE'), path.join(out, 'LICENSE'));
