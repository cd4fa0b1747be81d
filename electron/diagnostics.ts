// Facts about the system for bug reports, without the names of files or users.
import { existsSync } from 'node:fs';
import { release } from 'node:os';
import path from 'node:path';
import { app, screen } from 'electron';
import type { Log } from './log.ts';

/** Returns the versions of the program's parts, one per line. */
export function versionLines(): readonly string[] {
  const { electron, chrome, node } = process.versions;
  return [`Electron ${electron}`, `Chromium ${chrome}`, `Node ${node}`];
}

/** Describes the system, the displays and the most recent errors, one per line. */
export function diagnosticLines(log: Log): readonly string[] {
  const displays = screen.getAllDisplays().map(({ size, scaleFactor }) => `${size.width}x${size.height}@${scaleFactor}`);
  const codes = log.codes();
  return [
    ...versionLines(),
    `System ${process.platform} ${release()} ${process.arch}`,
    `Locale ${app.getLocale()}`,
    `Packed ${app.isPackaged ? 'yes' : 'no'}, sandbox ${app.commandLine.hasSwitch('no-sandbox') ? 'off' : 'on'}`,
    `Displays ${displays.join(', ')}`,
    codes.length === 0 ? 'No errors since the start' : 'Last errors:',
    ...codes.map((line) => `  ${line}`),
  ];
}

/** Returns the path of the page of licences in the packed app; null if the app isn't packed. */
export function licencesPage(): string | null {
  const file = path.join(process.resourcesPath, 'licenses.html');
  return existsSync(file) ? file : null;
}

/** Sets the contents of the system's About window. */
export function describeApp(version: string): void {
  app.setAboutPanelOptions({
    applicationName: 'Layerscope',
    applicationVersion: version,
    version: '',
    copyright: 'Copyright the Layerscope developers. Licensed under Apache-2.0.',
    credits: `${versionLines().join(', ')}. Their licences are in Help › Licences.`,
  });
}
