// Searches 16 bytes at once for leads. A lead is three ASCII characters that a secret may begin with; leads are divided into up to eight
// groups. For each position in a lead, two tables say which groups may have a byte there, one indexed by the byte's low half, one by its
// high half. Combining both by AND leaves one bit per group; three bytes in a row with a common bit may be a lead. A group lets through
// more combinations than it has leads, so matches must be checked. This is Teddy, from Hyperscan (https://github.com/intel/hyperscan).

import { type Code, type FunctionCode, get, i32, loop, set, v128, when } from '#vectors';

/** Number of bytes searched together. */
export const BLOCK = 16;
/** Number of bytes in a lead. */
export const LEAD = 3;

type Table = readonly number[];

const sixteen = (byte: number): number[] => new Array<number>(BLOCK).fill(byte);

/**
 * Returns the two tables for a position in a lead, indexed by a byte's low and high half. An entry has a bit for each group that has such a
 * byte at that position.
 */
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
 * `find(at, end, out)` searches the blocks from `at` to `end`, both addresses and multiples of 16. For each block that contains the last
 * byte of a possible lead, it writes a 32-bit number. The numbers follow one another from `out` on; the function returns the address after
 * them. A number's high half is the block's address / 16; its low half has a bit for each such byte. `isFast`: use an operation that Node
 * 20 lacks.
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
          // A byte may end a lead if the two bytes before it, which may be in the previous block, fit the lead's first two positions.
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

/** `countLines(at, end)` counts the line feeds from `at` to `end`, both addresses and multiples of 16, with `at` < `end`. */
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

/** The functions that find leads and count lines. `groups`: at most eight. */
export function leadFunctions(groups: readonly (readonly string[])[], isFast: boolean): readonly FunctionCode[] {
  return [findCode(groups, isFast), linesCode()];
}
