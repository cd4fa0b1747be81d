import type { Room } from './table.ts';

const BEGIN = '<!-- rooms: written by npm run rooms -- --write -->';
const END = '<!-- /rooms -->';

function mayEnter({ may, types = [], packages = [], isFree = false }: Room): string {
  if (isFree) return '';
  const parts = [
    may.join(', '),
    types.length === 0 ? '' : `types of ${types.join(', ')}`,
    packages.length === 0 ? '' : `packages ${packages.join(', ')}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? '–' : parts.join('; ');
}

/** Formats the rooms as a table for ARCHITECTURE.md. */
function printRooms(rooms: readonly Room[]): string {
  return [
    '| room | runs | what it is | may import |',
    '| --- | --- | --- | --- |',
    ...rooms.map((room) => `| \`${room.folder}\` | ${room.runs} | ${room.what} | ${mayEnter(room)} |`),
  ].join('\n');
}

/** Replaces the table between the page's markers. Throws if the markers are missing. */
export function withRooms(page: string, rooms: readonly Room[]): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the page has no table between ${BEGIN} and ${END}`);
  return `${page.slice(0, begin)}${BEGIN}\n${printRooms(rooms)}\n${page.slice(end)}`;
}
