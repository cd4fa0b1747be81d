// `npm run judge -- SEED COUNT`: makes COUNT random stacks of layers and compares what a container sees with what the command line reports,
// using ../shared/check/container.py. `npm run judge -- IMAGE…` and `-- --mount IMAGE…` do the same for docker-archives.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { JUDGE, judgedCommand, judgeLacks } from '../test/support/container-judge.ts';
import { buildIfStale, outFolder } from './stale.ts';

const given = process.argv.slice(2);
const lacks = judgeLacks();
if (given.length === 0) {
  console.error('layerscope: USAGE: npm run judge -- SEED COUNT, or IMAGE…, or --mount IMAGE…');
  process.exitCode = 2;
} else if (lacks !== null) {
  console.error(`layerscope: UNSUPPORTED: the judge can't run: ${lacks}`);
  process.exitCode = 3;
} else {
  buildIfStale('current');
  const isRandom = given.length === 2 && given.every((word) => /^\d+$/.test(word));
  const files = given.map((word) => (word.startsWith('--') ? word : path.resolve(process.env.INIT_CWD ?? '.', word)));
  const command = judgedCommand(path.join(outFolder('current'), 'cli.js'));
  const { status } = spawnSync('python3', [JUDGE, command, ...(isRandom ? ['--random', ...given] : files)], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
