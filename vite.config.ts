import path from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The renderer. The content security policy allows no inline script or style, so nothing is inlined; LAYERSCOPE_TARGET lowers the
// output for an older runtime (the specs' Electron), `#rooms` resolve through package.json.
const target = process.env.LAYERSCOPE_TARGET === 'chrome108' ? 'chrome108' : 'chrome138';

export default defineConfig({
  root: path.join(import.meta.dirname, 'renderer'),
  base: './',
  publicDir: false,
  plugins: [react()],
  // A worker's source map names its sources from the folder above `assets`, where the worker isn't.
  worker: { format: 'es', rolldownOptions: { output: { sourcemapPathTransform: (source) => path.posix.join('..', source) } } },
  build: {
    outDir: path.join(import.meta.dirname, 'dist', 'renderer'),
    emptyOutDir: true,
    target,
    cssTarget: target,
    assetsInlineLimit: 0,
    // One style sheet, which the first frame needs anyway.
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    sourcemap: true,
    // One script for all views, read from disk or loopback.
    chunkSizeWarningLimit: 1100,
  },
});
