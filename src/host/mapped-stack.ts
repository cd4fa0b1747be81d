import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** `    at name (FILE:LINE:COLUMN)`, or without a name. */
const FRAME = /^(\s+at (?:[^(]*\(|async )?)([^()]+):(\d+):(\d+)(\)?)$/;

/**
 * A stack whose frames in bundles name the sources instead, as far as source maps lie beside the bundles. Other frames stay as they are.
 * Reads files at once: for an error that is logged, not for one that is handled.
 */
export function mapStack(stack: string): string {
  const maps = new Map<string, SourceMap | null>();
  const mapOf = (file: string): SourceMap | null => {
    let map = maps.get(file);
    if (map === undefined) {
      map = readMap(file);
      maps.set(file, map);
    }
    return map;
  };
  return stack
    .split('\n')
    .map((line) => {
      const [, head = '', place = '', row = '', column = '', tail = ''] = FRAME.exec(line) ?? [];
      if (place === '') return line;
      const file = place.startsWith('file:') ? fileURLToPath(place) : place;
      const entry = mapOf(file)?.findEntry(Number(row) - 1, Number(column) - 1);
      if (entry === undefined || !('originalSource' in entry)) return line;
      const source = path.resolve(path.dirname(file), entry.originalSource);
      return `${head}${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}${tail}`;
    })
    .join('\n');
}

function readMap(file: string): SourceMap | null {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')));
  } catch {
    return null; // none was shipped: the frame stays as it is
  }
}
