// `npm run bench:sources`: compares reading images by name with the programs that people use for this. Needs root: starts its own Docker,
// Podman, containerd and registry, and names and skips what isn't installed. LAYERSCOPE_BENCH_BIG=1: measures the image of the README's
// figures (1.2 GB, 80,000 files) instead of one a quarter of its size. LAYERSCOPE_BENCH_RUNS: runs of each. LAYERSCOPE_BENCH_ONLY: which of
// docker, podman, containerd, registry, lazy to measure. There is no pass/fail limit.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { buildIfStale } from '../../scripts/stale.ts';
import { engineProblem, podman, runEngine, startContainerd, startDocker } from '../support/engines.ts';
import { until } from '../support/waiting.ts';
import { testFolder } from '../support/workbench.ts';
import { benchImage } from './images.ts';
import { lazyRows } from './lazy.ts';
import { forgetImages, pair, peakMemory, type Run } from './measure.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const cli = path.join(root, 'dist', 'cli.js');
const RUNS = Number(process.env.LAYERSCOPE_BENCH_RUNS ?? 3);
const isBig = process.env.LAYERSCOPE_BENCH_BIG === '1';
const only = process.env.LAYERSCOPE_BENCH_ONLY?.split(',') ?? ['docker', 'podman', 'containerd', 'registry', 'lazy'];

const ends: (() => unknown)[] = [];
/** Stands in for a test's context: the tests' helpers need only its `after` and `diagnostic`. */
const context = { after: (end: () => unknown) => ends.push(end), diagnostic: console.log } as unknown as TestContext;
const home = mkdtempSync(path.join(tmpdir(), 'layerscope-bench-'));
const cache = path.join(home, 'cache');
const none = path.join(home, 'none');
/** An environment that hides this machine's own engines, settings and credentials. */
const clean: Record<string, string> = {
  HOME: home,
  LAYERSCOPE_CACHE: cache,
  XDG_CONFIG_HOME: none,
  XDG_DATA_HOME: none,
  XDG_RUNTIME_DIR: none,
  DOCKER_HOST: `unix://${none}`,
  CONTAINER_HOST: `unix://${none}`,
  CONTAINERS_STORAGE_CONF: none,
  CONTAINERS_REGISTRIES_CONF: none,
};

function row(what: string, value: string, aim: string): void {
  console.log(`${what.padEnd(72)} ${value.padStart(28)}   aim ${aim}`);
}

function ratio(a: number, b: number): string {
  return `${a.toFixed(2)} s = ${(a / b).toFixed(3)} ×`;
}

function has(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

function leaveOut(what: string, why: string): void {
  console.log(`not run: ${what}: ${why}`);
}

function inspect(word: string, env: Record<string, string> = {}, ...options: string[]): Run {
  return { args: [cli, 'inspect', word, '--json', ...options], env: { ...clean, ...env } };
}

/** Returns the same run, but with no images in the cache when it starts. */
function cold(run: Run): Run {
  return { ...run, before: () => forgetImages(cache) };
}

function must(program: string, args: readonly string[], env: Record<string, string> = {}): void {
  const { status, stderr } = spawnSync(program, [...args], { encoding: 'utf8', env: { ...process.env, ...env }, maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${program} ${args.slice(0, 3).join(' ')}: exit ${status}: ${stderr.slice(-500)}`);
}

/** Returns what a run reports about its source. */
function sourceOf(run: Run): { readonly fetchedBytes: number; readonly requests: number } {
  run.before?.();
  const { stdout, status, stderr } = spawnSync(process.execPath, run.args, {
    encoding: 'utf8',
    env: { ...process.env, ...run.env },
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${run.args.slice(0, 3).join(' ')}: exit ${status}: ${stderr}`);
  return (JSON.parse(stdout) as { source: { fetchedBytes: number; requests: number } }).source;
}

async function docker(image: string, name: string): Promise<void> {
  const problem = engineProblem('dockerd') ?? (has('curl') ? null : 'not run: curl is not installed');
  if (problem !== null) return leaveOut('Docker', problem);
  const { socket } = await startDocker(context);
  must('curl', [
    '-sf',
    '--unix-socket',
    socket,
    '-H',
    'content-type: application/x-tar',
    '-T',
    image,
    '-X',
    'POST',
    'http://x/images/load',
  ]);
  const env = { DOCKER_HOST: `unix://${socket}` };
  // With a platform, Docker must choose the image, so its folder isn't read.
  const byApi = cold(inspect(`docker:${name}`, env, '--platform', 'linux/amd64'));
  const get: Run = { program: 'curl', args: ['-sf', '--unix-socket', socket, '-o', '/dev/null', `http://x/images/${name}/get`] };
  const api = pair(byApi, get, RUNS);
  row('docker: by its API, first time ÷ the raw GET (curl)', ratio(api.a, api.b), '≤ 1.10 ×');
  if (!has('docker')) return leaveOut('docker save', 'docker is not installed');
  const save: Run = { program: 'sh', args: ['-c', `docker save ${name} >/dev/null`], env };
  const disk = pair(cold(inspect(`docker:${name}`, env)), save, RUNS);
  row('docker: from its folder, first time ÷ docker save', ratio(disk.a, disk.b), '≤ 0.067 ×');
}

async function fromPodman(image: string, name: string): Promise<void> {
  const problem = engineProblem('podman');
  if (problem !== null) return leaveOut('Podman', problem);
  const engine = podman(context, 'overlay');
  engine.run('load', '-q', '-i', image);
  const env = { CONTAINERS_STORAGE_CONF: engine.settings };
  const save: Run = { program: 'sh', args: ['-c', `podman save ${name} >/dev/null`], env };
  const disk = pair(cold(inspect(`podman:${name}`, env)), save, RUNS);
  row('podman: from its folder, first time ÷ podman save', ratio(disk.a, disk.b), '≤ 0.067 ×');
}

async function containerd(layout: string, name: string): Promise<void> {
  const problem = engineProblem('containerd') ?? engineProblem('ctr');
  if (problem !== null) return leaveOut('containerd', problem);
  const engine = await startContainerd(context);
  engine.ctr('images', 'import', '--no-unpack', '--index-name', name, layout);
  // containerd's folder is looked for in the user's data folder.
  const data = testFolder(context);
  must('ln', ['-s', engine.root, path.join(data, 'containerd')]);
  const ours = cold(inspect(`containerd:${name}`, { XDG_DATA_HOME: data }));
  const local = pair(ours, cold(inspect(layout)), RUNS);
  row('containerd: from its folder ÷ inspect of the same archive', ratio(local.a, local.b), '≤ 1.15 ×');
  const socket = path.join(path.dirname(engine.root), 'containerd.sock');
  const exported: Run = { program: 'sh', args: ['-c', `ctr -a ${socket} images export - ${name} >/dev/null`] };
  const ctr = pair(ours, exported, RUNS);
  row('the same ÷ ctr images export', ratio(ctr.a, ctr.b), '–');
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startRegistry(): Promise<string> {
  const folder = testFolder(context);
  const host = `127.0.0.1:${await freePort()}`;
  const settings = path.join(folder, 'settings.yml');
  writeFileSync(
    settings,
    `version: 0.1\nstorage: {filesystem: {rootdirectory: ${folder}/data}}\nhttp: {addr: "${host}"}\nlog: {level: error}\n`,
  );
  runEngine(context, 'env', ['-u', 'REGISTRY_AUTH_FILE', 'docker-registry', 'serve', settings]);
  await until(async () => (await fetch(`http://${host}/v2/`).catch(() => null)) !== null, 'docker-registry answers');
  return host;
}

/** Returns the URLs of an image's layer blobs, and their total size. */
async function blobsOf(host: string, name: string, tag: string): Promise<{ readonly urls: readonly string[]; readonly bytes: number }> {
  const accept = 'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json';
  const reply = await fetch(`http://${host}/v2/${name}/manifests/${tag}`, { headers: { accept } });
  const { layers } = (await reply.json()) as { layers: { digest: string; size: number }[] };
  return {
    urls: layers.map(({ digest }) => `http://${host}/v2/${name}/blobs/${digest}`),
    bytes: layers.reduce((sum, { size }) => sum + size, 0),
  };
}

async function registry(layout: string): Promise<void> {
  const missing = ['docker-registry', 'skopeo', 'curl'].find((program) => !has(program));
  if (missing !== undefined) return leaveOut('registry', `${missing} is not installed`);
  const host = await startRegistry();
  const policy = ['--insecure-policy'];
  must('skopeo', [
    ...policy,
    'copy',
    '-q',
    '--format',
    'oci',
    '--dest-tls-verify=false',
    `oci-archive:${layout}`,
    `docker://${host}/bench:1`,
  ]);
  const word = `registry:${host}/bench:1`;
  const ours = cold(inspect(word));
  const { urls, bytes } = await blobsOf(host, 'bench', '1');
  const fetched = pair(ours, { program: 'curl', args: ['-sf', ...urls.flatMap((url) => ['-o', '/dev/null', url])] }, RUNS);
  const local = pair(ours, cold(inspect(layout)), RUNS);
  const most = Math.max(fetched.b, local.b);
  const base = `curl ${fetched.b.toFixed(2)} s, local inspect ${local.b.toFixed(2)} s`;
  row(
    `registry: first time ÷ the longer of ${base}`,
    ratio(fetched.a, most),
    `≤ 1.15 × + 0.3 s (${((1.15 * most + 0.3) / most).toFixed(2)} ×)`,
  );
  const out = testFolder(context);
  const copy: Run = {
    program: 'skopeo',
    args: [...policy, 'copy', '-q', '--src-tls-verify=false', `docker://${host}/bench:1`, `oci-archive:${out}/skopeo.tar`],
    before: () => rmSync(path.join(out, 'skopeo.tar'), { force: true }),
  };
  const skopeo = pair(ours, copy, RUNS);
  row('the same ÷ skopeo copy to an archive', ratio(skopeo.a, skopeo.b), '–');
  if (has('crane')) {
    const crane = pair(ours, { program: 'crane', args: ['pull', '--insecure', `${host}/bench:1`, path.join(out, 'crane.tar')] }, RUNS);
    row('the same ÷ crane pull', ratio(crane.a, crane.b), '–');
  } else leaveOut('crane pull', 'crane is not installed');
  sourceOf(ours);
  const known = sourceOf(inspect(word));
  row('the same again, known digest: requests, bytes', `${known.requests}, ${known.fetchedBytes}`, '≤ 2, ≤ 65536');
  const again = pair(inspect(word), inspect(layout), RUNS);
  row('the same again − local inspect of the archive', `${(again.a - again.b).toFixed(2)} s`, '≤ 0.2 s');
  const memory = peakMemory(ours, 1);
  row(`peak memory of the first time, ${(bytes / 1e6).toFixed(0)} MB of blobs`, `${(memory / 1e6).toFixed(0)} MB`, '≤ 400 MB for 5 GB');
}

async function lazy(layers: readonly string[]): Promise<void> {
  const missing = ['docker-registry', 'curl', 'zstd'].find((program) => !has(program));
  if (missing !== undefined) return leaveOut('lazy layers', `${missing} is not installed`);
  const host = await startRegistry();
  await lazyRows({
    ...{ host, layers, home, row, sourceOf, runs: RUNS },
    inspect: (word, ...options) => cold(inspect(word, {}, ...options)),
  });
}

buildIfStale('current');
const shape = isBig
  ? { name: 'eighty', layers: 6, files: 81_000, meanBytes: 14_600, filesInFolder: 20 }
  : { name: 'sources', layers: 6, files: 20_000, meanBytes: 14_600, filesInFolder: 20 };
const { plain, gzip, layers } = benchImage(shape, true);
const name = `${shape.name}:plain`;
console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}`);
console.log(
  `${shape.files} files, ${(statSync(plain).size / 1e6).toFixed(0)} MB, gzip ${(statSync(gzip).size / 1e6).toFixed(0)} MB; ${RUNS} runs each\n`,
);
try {
  if (only.includes('docker')) await docker(plain, name);
  if (only.includes('podman')) await fromPodman(plain, name);
  if (only.includes('lazy')) await lazy(layers);
  if (!only.includes('containerd') && !only.includes('registry')) leaveOut('containerd and registry', 'not asked for');
  else if (has('skopeo')) {
    const layout = path.join(home, 'layout.tar');
    must('skopeo', ['--insecure-policy', 'copy', '-q', `docker-archive:${gzip}`, `oci-archive:${layout}:${shape.name}`]);
    if (only.includes('containerd')) await containerd(layout, 'docker.io/library/bench:1');
    if (only.includes('registry')) await registry(layout);
  } else leaveOut('containerd and registry', 'skopeo is not installed');
} finally {
  for (const end of ends.reverse()) await end();
  rmSync(home, { recursive: true, force: true });
}
