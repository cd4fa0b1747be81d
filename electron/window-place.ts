import { renameSync, writeFileSync } from 'node:fs';
import { type BrowserWindow, screen } from 'electron';
import { readSaved } from '#engine';

/** A window's position and size, in desktop pixels, and whether it is maximized. */
interface WindowPlace {
  readonly x?: number;
  readonly y?: number;
  readonly width: number;
  readonly height: number;
  readonly isMaximized: boolean;
}

const FIRST: WindowPlace = { width: 1320, height: 860, isMaximized: false };
const LEAST = { width: 480, height: 360 };
/** How many pixels of a window must be on a screen so that the user can still move it. */
const IN_SIGHT = 80;

/** Reads the saved position; returns the default if there is none, or if it is no longer on any screen. */
export function readPlace(file: string): WindowPlace {
  return placeOf(readSaved(file)) ?? FIRST;
}

function placeOf(kept: unknown): WindowPlace | null {
  if (typeof kept !== 'object' || kept === null) return null;
  const { x, y, width, height, isMaximized } = kept as Partial<Record<keyof WindowPlace, unknown>>;
  if (!isWhole(x) || !isWhole(y) || !isWhole(width) || !isWhole(height)) return null;
  if (width < LEAST.width || height < LEAST.height) return null;
  const isInSight = screen.getAllDisplays().some(({ workArea }) => {
    const shown = Math.min(x + width, workArea.x + workArea.width) - Math.max(x, workArea.x);
    return shown >= IN_SIGHT && y >= workArea.y && y <= workArea.y + workArea.height - IN_SIGHT;
  });
  const size = { width, height, isMaximized: isMaximized === true };
  return isInSight ? { x, y, ...size } : size;
}

function isWhole(value: unknown): value is number {
  return Number.isInteger(value) && Math.abs(value as number) < 100_000;
}

/** Saves a window's position in a file when the window is closed. Synchronous, because the program may exit with its last window. */
export function keepPlace(window: BrowserWindow, file: string, onFailure: (error: unknown) => void): void {
  window.on('close', () => {
    const place = { ...window.getNormalBounds(), isMaximized: window.isMaximized() };
    try {
      // Written under another name first, so that killing the program never leaves a half-written file.
      writeFileSync(`${file}.new`, JSON.stringify(place), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    } catch (error) {
      onFailure(error);
    }
  });
}
