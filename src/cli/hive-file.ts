// `hive FILE`: a registry hive on disk.
import {
  createHiveSearch,
  hiveFigures,
  hiveLine,
  isRemnantBelow,
  keyLine,
  openHiveFile,
  problemLine,
  registryPlace,
  regOfHive,
  remnantLine,
  searchKey,
  searchRemnant,
  securityId,
  securityLine,
} from '#engine/registry';
import {
  findKeys,
  findRemnants,
  type Hive,
  type HiveRemnant,
  type KeyAt,
  ProblemList,
  type SecurityAt,
  type WalkedKey,
  walkHive,
} from '#format/registry-hive';
import { displayText, formatCount, plural } from '#model';
import type { Arguments } from './arguments.ts';
import type { Context } from './context.ts';
import { nothingFound } from './hive-image.ts';
import { writeReg } from './hive-reg.ts';
import { hiveHeading, keyHeading, remnantLines, valueLines } from './hive-text.ts';

export async function printHiveFile(context: Context, args: Arguments, file: string, key: string | undefined): Promise<void> {
  const hive = await openAsAsked(context, args, file);
  const from = key === undefined ? undefined : findKeys(hive, key);
  if (args.flag('reg')) return writeReg(context, regOfHive(hive, registryPlace(hive.base.name === '' ? file : hive.base.name), from));
  const search = args.value('search');
  const wanted = search === undefined ? null : createHiveSearch(search);
  const choose = (walked: WalkedKey): WalkedKey | null => {
    const values = wanted === null ? walked.values : searchKey(wanted, walked.key.name, walked.values);
    return values === null ? null : { ...walked, values };
  };
  const keys = keysOf(hive, from, choose);
  if (args.flag('json')) await printJson(context, hive, keys);
  else if (!(await printText(context, hive, file, keys)) && search !== undefined) context.note(nothingFound(search, file));
}

/** Prints the remnants of deleted keys and values in the hive; with a key, only those of that key and the keys below it. */
export async function printRemnants(context: Context, args: Arguments, file: string, key: string | undefined): Promise<void> {
  const { out, style, warn, note } = context;
  const hive = await openAsAsked(context, args, file);
  const text = args.value('search');
  const search = text === undefined ? null : createHiveSearch(text);
  const { remnants, isCut } = findRemnants(hive);
  let hasFound = false;
  let before: HiveRemnant['kind'] = 'key';
  for (const remnant of remnants) {
    if (key !== undefined && !isRemnantBelow(remnant, key)) continue;
    const shown = search === null ? remnant : searchRemnant(search, remnant);
    if (shown === null) continue;
    hasFound = true;
    if (args.flag('json')) out.write(remnantLine(shown));
    else for (const line of remnantLines(shown, before, style)) out.write(`${line}\n`);
    before = shown.kind;
    if (out.full) await out.drain();
  }
  if (isCut) warn(`${displayText(file)} has more remnants than the ${formatCount(remnants.length)} that were read`);
  if (!hasFound && !args.flag('json')) {
    note(text === undefined ? `${displayText(file)} has no remnants of deleted keys or values here` : nothingFound(text, 'the remnants'));
  }
}

function openAsAsked({ signal }: Context, args: Arguments, file: string): Promise<Hive> {
  const logs = args.flag('no-logs') ? [] : args.flag('log') ? args.values('log') : undefined;
  return openHiveFile(file, { signal, ...(logs && { logs }) });
}

interface Keys {
  /** Whether the whole hive is walked, rather than some of its keys and the keys below them. */
  readonly isWhole: boolean;
  readonly problems: ProblemList;
  walk(): Generator<WalkedKey, void, void>;
}

function keysOf(hive: Hive, from: readonly KeyAt[] | undefined, choose: (key: WalkedKey) => WalkedKey | null): Keys {
  const problems = new ProblemList(hive.problems);
  return {
    isWhole: from === undefined,
    problems,
    *walk() {
      for (const walked of walkHive(hive, problems, from)) {
        const key = choose(walked);
        if (key !== null) yield key;
      }
    },
  };
}

async function printJson({ out, signal }: Context, hive: Hive, { isWhole, problems, walk }: Keys): Promise<void> {
  const descriptors = new Map<string, SecurityAt>();
  if (isWhole) out.write(hiveLine(hive, await hiveFigures(hive, signal)));
  for (const key of walk()) {
    out.write(keyLine(hive, key));
    if (key.security !== null) descriptors.set(securityId(key.security), key.security);
    if (out.full) await out.drain();
  }
  if (!isWhole) return;
  for (const [id, security] of [...descriptors].sort(([a], [b]) => (a < b ? -1 : 1))) {
    out.write(securityLine(id, security));
    if (out.full) await out.drain();
  }
  for (const problem of problems.sorted()) {
    out.write(problemLine(problem));
    if (out.full) await out.drain();
  }
}

/** Returns whether any key was printed. */
async function printText({ out, style, signal }: Context, hive: Hive, file: string, { isWhole, problems, walk }: Keys): Promise<boolean> {
  let hasKeys = false;
  if (isWhole) out.write(`${hiveHeading(hive, await hiveFigures(hive, signal), file, style)}\n`);
  for (const { path, key, values } of walk()) {
    hasKeys = true;
    out.write(`${keyHeading(path, key.written, hive.layered ? key.effect : null, style)}\n`);
    for (const line of valueLines(values, style)) out.write(`${line}\n`);
    if (out.full) await out.drain();
  }
  if (!isWhole || problems.count === 0) return hasKeys;
  out.write(`${style.bold(plural(problems.count, 'problem'))}\n`);
  for (const { path, code, message } of problems.sorted()) {
    out.write(`  ${code}  ${path === null ? '' : `${displayText(path === '' ? '\\' : path)}: `}${displayText(message)}\n`);
    if (out.full) await out.drain();
  }
  return hasKeys;
}
