import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium } from '@playwright/test';

/** Where Chromium may be, in order of preference. The headless shell comes first because it is a third faster. */
const PLACES = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
];

function find(): string | undefined {
  return [process.env.LAYERSCOPE_CHROMIUM, ...PLACES, chromium.executablePath()].find((place) => place !== undefined && existsSync(place));
}

function install(name: string): boolean {
  const { status } = spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return status === 0;
}

/** Finds a Chromium for the specs, or installs one: Debian's package when run as root, otherwise Playwright's. Throws if neither works. */
export function ensureChromium(): string {
  const there = find();
  if (there) return there;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.log('no browser found: installing Debian’s chromium');
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit' });
    install('chromium-headless-shell') || install('chromium');
  } else {
    console.log('no browser found: fetching Playwright’s chromium');
    spawnSync('npx', ['playwright', 'install', 'chromium'], { stdio: 'inherit', shell: process.platform === 'win32' });
  }
  const fetched = find();
  if (!fetched) throw new Error('no Chromium for the specs: install one, or name it in LAYERSCOPE_CHROMIUM');
  return fetched;
}
