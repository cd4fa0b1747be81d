// Code that looks at 16 bytes at once for leads: three ASCII characters that a secret may begin with, in up to eight groups. Two tables for
// each place in a lead say which groups may have a byte there, one by the byte's lower half, one by its upper half. What both say is one bit
// for each group; three bytes in a row that have a bit in common may be a lead. A group lets through more combinations than it has leads, so
// what is found must be looked at again. The method is Teddy's, of Hyperscan (https://github.com/intel/hyperscan).

import { type Code, type FunctionCode, get, i32, loop, set, v128, when } from '#vectors';

/** Bytes that are looked at together. */
export const BLOCK = 16;
/** Bytes in a lead. */
export const LEAD = 3;

type Table = readonly number[];

const sixteen = (byte: number): number[] => new Array<number>(BLOCK).fill(byte);

/** For each lower and each upper half of a byte, a bit for each group that has such a byte at the place. */
function tablesOf(groups: readonly (readonly string[])[], place: number): readonly Table[] {
  const [lower, upper] = [sixteen(0), sixteen(0)];
  for (const [group, leads] of groups.entries()) {
    for (const lead of leads) {
      const byte = lead.charCodeAt(place);
      lower[byte & 15] = (lower[byte & 15] as number) | (1 << group);
      upper[byte >> 4] = (upper[byte >> 4] as number) | (1 << group);
    }
  }
  return [lower, upper];
}

/**
 * `find(at, end, out)` looks at the blocks from `at` to `end`, both addresses and multiples of 16. For each block that has the last byte of
 * what may be a lead, it writes a number of 32 bits from `out` on; it returns the address after these. The number's upper half is the
 * block's address / 16, its lower half has a bit for each such byte. `isFast`: use an operation that Node 20 lacks.
 */
function findCode(groups: readonly (readonly string[])[], isFast: boolean): FunctionCode {
  const [at, end, out] = [0, 1, 2];
  const [bytes, lower, upper, firsts, seconds, lastFirsts, lastSeconds, found, half, tables] = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  const contents = [0, 1, 2].flatMap((place) => tablesOf(groups, place));
  const look = isFast ? v128.lookFast : v128.look;
  const groupsOf = (place: number): Code =>
    v128.and(look(get(tables + 2 * place), get(lower)), look(get(tables + 2 * place + 1), get(upper)));
  return {
    name: 'find',
    parameters: 3,
    numbers: 0,
    vectors: tables + contents.length - bytes,
    body: [
      ...contents.map((table, index) => set(tables + index, v128.of(table))),
      set(half, v128.of(sixteen(15))),
      loop(
        [
          set(bytes, v128.load(get(at))),
          set(lower, v128.and(get(bytes), get(half))),
          set(upper, v128.and(v128.shiftRight(get(bytes), i32.of(4)), get(half))),
          set(firsts, groupsOf(0)),
          set(seconds, groupsOf(1)),
          // Each third byte meets the second and the first one before it, which may be in the last block.
          set(found, v128.and(v128.joined(get(lastFirsts), get(firsts), 2), v128.joined(get(lastSeconds), get(seconds), 1))),
          set(found, v128.and(get(found), groupsOf(2))),
          set(lastFirsts, get(firsts)),
          set(lastSeconds, get(seconds)),
          when(v128.isAny(get(found)), [
            i32.store(get(out), i32.or(i32.shiftLeft(get(at), i32.of(12)), v128.bits(v128.notEqual(get(found), v128.of(sixteen(0)))))),
            set(out, i32.add(get(out), i32.of(4))),
          ]),
          set(at, i32.add(get(at), i32.of(BLOCK))),
        ],
        i32.isLess(get(at), get(end)),
      ),
      get(out),
    ],
  };
}

/** `countLines(at, end)` counts the line feeds from `at` to `end`, both addresses and multiples of 16, the first one the smaller. */
function linesCode(): FunctionCode {
  const [at, end, count] = [0, 1, 2];
  const isLineFeed = v128.equal(v128.load(get(at)), v128.of(sixteen(0x0a)));
  return {
    name: 'countLines',
    parameters: 2,
    numbers: 1,
    vectors: 0,
    body: [
      loop(
        [set(count, i32.add(get(count), i32.countOnes(v128.bits(isLineFeed)))), set(at, i32.add(get(at), i32.of(BLOCK)))],
        i32.isLess(get(at), get(end)),
      ),
      get(count),
    ],
  };
}

/** The functions that look for leads and lines. `groups`: eight at most. */
export function leadFunctions(groups: readonly (readonly string[])[], isFast: boolean): readonly FunctionCode[] {
  return [findCode(groups, isFast), linesCode()];
}
