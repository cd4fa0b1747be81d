import type { Import } from './imports.ts';
import { type Room, roomName } from './table.ts';

/** Returns the innermost room that contains a file. */
function roomOf(file: string, rooms: readonly Room[]): Room | undefined {
  return rooms
    .filter(({ folder }) => file.startsWith(`${folder}/`))
    .reduce<Room | undefined>((best, room) => (best === undefined || room.folder.length > best.folder.length ? room : best), undefined);
}

/** Returns the room whose index.ts others must use to import from `room`: `room` itself or an enclosing one. */
function houseOf(room: Room, rooms: readonly Room[], doors: Readonly<Record<string, string>>): Room {
  const hasDoor = ({ folder }: Room): boolean => Object.values(doors).includes(`./${folder}/index.ts`);
  const around = rooms
    .filter(({ folder }) => room.folder === folder || room.folder.startsWith(`${folder}/`))
    .sort((a, b) => b.folder.length - a.folder.length);
  return around.find(hasDoor) ?? around.at(-1) ?? room;
}

function packageOf(wanted: string): string {
  return wanted
    .split('/')
    .slice(0, wanted.startsWith('@') ? 2 : 1)
    .join('/');
}

function checkPackage({ file, wanted }: Import, room: Room): string | null {
  if (wanted.startsWith('node:'))
    return room.runs === 'anywhere' || room.runs === 'browser'
      ? `${file} imports ${wanted}: ${room.folder} also runs where there is no Node`
      : null;
  return room.packages?.includes(packageOf(wanted)) ? null : `${file} imports ${wanted}: ${room.folder} may not import this package`;
}

/** Returns a line for each import that the table doesn't allow and each permission that isn't used. `doors`: package.json's `imports`. */
export function checkRooms(imports: readonly Import[], rooms: readonly Room[], doors: Readonly<Record<string, string>>): string[] {
  const faults = new Set<string>();
  const used = new Set<string>();
  for (const each of imports) {
    const { file, wanted, target, isType } = each;
    const from = roomOf(file, rooms);
    if (from === undefined) faults.add(`${file} is in no room`);
    if (from === undefined || from.isFree) continue;
    if (target === null) {
      const fault = checkPackage(each, from);
      if (fault !== null) faults.add(fault);
      else used.add(`${from.folder} ${packageOf(wanted)}`);
      continue;
    }
    const to = roomOf(target, rooms);
    if (to === undefined) faults.add(`${file} imports ${wanted}, which is in no room`);
    if (to === undefined || to === from) continue;
    const name = roomName(to.folder);
    if (!from.may.includes(name)) {
      if (!from.types?.includes(name)) faults.add(`${file} imports ${wanted}: ${from.folder} may not enter ${name}`);
      else if (!isType) faults.add(`${file} imports ${wanted}: ${from.folder} may import only types of ${name}`);
    }
    used.add(`${from.folder} ${name}`);
    if (!isType) used.add(`${from.folder} ${name} value`);
    if (houseOf(from, rooms, doors) !== houseOf(to, rooms, doors) && !wanted.startsWith('#'))
      faults.add(`${file} imports ${wanted}: ${name} is entered through its door, #${name}`);
  }
  return [...faults, ...unusedPermissions(rooms, used)];
}

function unusedPermissions(rooms: readonly Room[], used: ReadonlySet<string>): string[] {
  return rooms.flatMap(({ folder, may, types = [], packages = [] }) => [
    ...[...may, ...types, ...packages]
      .filter((name) => !used.has(`${folder} ${name}`))
      .map((name) => `the table lets ${folder} import ${name}, which it doesn’t`),
    ...may
      .filter((name) => used.has(`${folder} ${name}`) && !used.has(`${folder} ${name} value`))
      .map((name) => `the table lets ${folder} enter ${name}, of which it imports only types`),
  ]);
}

/** Returns import cycles as `a.ts → b.ts → a.ts`, including type imports and `import()`: the shortest for each file, each listed once. */
export function findCycles(imports: readonly Import[]): string[] {
  const next = new Map<string, Set<string>>();
  for (const { file, target } of imports) if (target !== null) next.set(file, (next.get(file) ?? new Set()).add(target));
  const cycles: string[] = [];
  const known = new Set<string>();
  for (const start of [...next.keys()].sort()) {
    if (known.has(start)) continue;
    const cycle = shortestCycle(start, next);
    if (cycle === null) continue;
    for (const file of cycle) known.add(file);
    cycles.push([...cycle, start].join(' → '));
  }
  return cycles;
}

function shortestCycle(start: string, next: ReadonlyMap<string, ReadonlySet<string>>): string[] | null {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const file of queue) {
    for (const target of next.get(file) ?? []) {
      if (target === start) {
        const way = [file];
        for (let at = file; at !== start; ) {
          at = cameFrom.get(at) ?? start;
          way.unshift(at);
        }
        return way;
      }
      if (cameFrom.has(target)) continue;
      cameFrom.set(target, file);
      queue.push(target);
    }
  }
  return null;
}
