// The other processes of ./elevation.test.ts: the elevated process, with a stand-in for vmcompute.dll; a window's process that the test
// kills; a process that writes its arguments to a file; and a process that echoes what it receives over a pipe.
import { appendFileSync, writeFileSync } from 'node:fs';
import type { GraphDriver } from '../../src/driver/driver.ts';
import { isDriverHost, openElevatedDriver, runDriverHost } from '../../src/driver/windows/elevated/index.ts';
import { openElevationSystem } from '../../src/driver/windows/ffi/elevation.ts';
import { openNative } from '../../src/driver/windows/ffi/open-native.ts';
import { WindowsDriver, type WindowsDriverName } from '../../src/driver/windows/windows-driver.ts';
import { StandIn } from '../native/stand-in.ts';

/** Logs a process's start and end to a file, because nobody reads its stderr. */
function log(...words: readonly (string | number)[]): void {
  const file = process.env.LAYERSCOPE_ELEVATION_LOG;
  if (file !== undefined) appendFileSync(file, `${words.join(' ')}\n`);
}

async function openStandIn(name: WindowsDriverName, home: string): Promise<GraphDriver> {
  const { files, layers } = new StandIn(process.env.LAYERSCOPE_STAND_IN ?? '');
  return new WindowsDriver(name, home, { ...openNative(files), layers, enablePrivileges: () => {} });
}

async function host(): Promise<number> {
  log('start', process.pid);
  const exitCode = await runDriverHost(process.argv, { open: openStandIn, lookMs: 200, report: (line) => log('report', line) });
  log('end', process.pid, exitCode);
  return exitCode;
}

async function main(): Promise<number> {
  if (isDriverHost(process.argv)) return host();
  const [mode = '', argument = ''] = process.argv.slice(2);
  switch (mode) {
    case 'arguments':
      writeFileSync(argument, JSON.stringify(process.argv.slice(4)));
      return 0;
    case 'wait':
      await new Promise((resolve) => setTimeout(resolve, 60_000));
      return 0;
    case 'exit':
      return Number(argument);
    case 'echo': {
      await using end = openElevationSystem().connect(argument);
      log('server', end.peerProcessId);
      const stream = end.toStream();
      for await (const bytes of stream) if (!stream.write(bytes)) await new Promise((resolve) => stream.once('drain', resolve));
      return 0;
    }
    case 'window': {
      const [script = '', ...args] = process.argv.slice(4);
      const driver = await openElevatedDriver('windowsfilter', argument, {
        executable: process.execPath,
        args: [script, ...args],
        verb: 'open',
      });
      log('opened', (await driver?.list())?.length ?? -1);
      await new Promise((resolve) => setTimeout(resolve, 60_000));
      return 0;
    }
    default:
      return 9;
  }
}

process.exit(await main());
