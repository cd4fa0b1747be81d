// Runs the command line as a user would, with a cache and a working folder for each test.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { removeTree } from '#disk';
import { concat, file, tar } from '../support/tar-builder.ts';

/** LAYERSCOPE_TEST_CLI: the built program, which users run and which starts ten times as fast. Default: the sources. */
export const MAIN = process.env.LAYERSCOPE_TEST_CLI ?? path.join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly bytes: Buffer;
  readonly stderr: string;
}

export interface Bench {
  readonly folder: string;
  /** Writes a file into the folder and returns its path. */
  write(name: string, bytes: Uint8Array | string): string;
  cli(args: readonly string[], options?: { readonly stdin?: Uint8Array; readonly env?: NodeJS.ProcessEnv }): Promise<CliResult>;
  /** Runs a command that prints one JSON object per line; returns the objects. */
  lines(args: readonly string[]): Promise<Record<string, unknown>[]>;
}

/** Creates a temporary folder, removed when the test ends, to run the command line in. */
export function createBench(t: TestContext): Bench {
  const outer = mkdtempSync(path.join(tmpdir(), 'layerscope-test-'));
  const folder = path.join(outer, 'work');
  mkdirSync(folder);
  t.after(() => removeTree(outer));
  const cli: Bench['cli'] = (args, { stdin, env = {} } = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [MAIN, ...args], {
        cwd: folder,
        env: { ...process.env, LAYERSCOPE_CACHE: path.join(outer, 'cache'), TMPDIR: outer, NO_COLOR: '', ...env },
        stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
        timeout: 60_000,
      });
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      child.stdout?.on('data', (chunk) => out.push(chunk));
      child.stderr?.on('data', (chunk) => err.push(chunk));
      // A program that has read enough may close its input early.
      child.stdin?.on('error', () => {});
      child.stdin?.end(stdin);
      child.on('error', reject);
      child.on('close', (code) => {
        const bytes = Buffer.concat(out);
        resolve({ code, stdout: bytes.toString(), bytes, stderr: Buffer.concat(err).toString() });
      });
    });
  return {
    folder,
    write(name, bytes) {
      const target = path.join(folder, name);
      mkdirSync(path.dirname(target), { recursive: true });
      writeFileSync(target, bytes);
      return target;
    },
    cli,
    async lines(args) {
      const { code, stdout, stderr } = await cli(args);
      if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
      return stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    },
  };
}

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

export interface ImageSpec {
  readonly names?: readonly string[];
  readonly os?: string;
  readonly architecture?: string;
  /** One command for each layer. */
  readonly commands?: readonly string[];
  /** How the image is run: its config's `config` object. */
  readonly config?: object;
}

/** Makes a docker-archive with one or more images of plain layer tars, as written by `docker save` before version 25. */
export function dockerArchive(...images: readonly (readonly [readonly Uint8Array[], ImageSpec?])[]): Uint8Array<ArrayBuffer> {
  const members: Uint8Array[] = [];
  const manifest = images.map(([layers, spec = {}]) => {
    const { names = ['example:latest'], os = 'linux', architecture = 'amd64', commands = [], config: settings } = spec;
    const config = JSON.stringify({
      os,
      architecture,
      ...(settings === undefined ? {} : { config: settings }),
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${sha256(layer)}`) },
      history: layers.map((_, index) => ({ created_by: commands[index] ?? `step ${index}` })),
    });
    const configName = `${sha256(config)}.json`;
    members.push(file(configName, config));
    const layerNames = layers.map((layer) => `${sha256(layer)}/layer.tar`);
    for (const [index, layer] of layers.entries()) members.push(file(layerNames[index] ?? '', layer));
    return { Config: configName, RepoTags: names, Layers: layerNames };
  });
  return tar(concat(...members), file('manifest.json', JSON.stringify(manifest)));
}
