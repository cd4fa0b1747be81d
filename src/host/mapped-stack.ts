import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** `    at name (FILE:LINE:COLUMN)`, or without a name. */
const FRAME = /^(\s+at (?:[^(]*\(|async )?)([^()]+):(\d+):(\d+)(\)?)$/;

/**
 * Maps the frames of a stack from bundles to sources if there are source maps next to the bundles; other frames stay unchanged. Reads files
 * synchronously, so use it for logging only.
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
    return null; // no source map, so the frame stays unchanged
  }
}
