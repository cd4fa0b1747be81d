// `hive FILE`: a registry hive on disk.
import {
  createHiveSearch,
  hiveFigures,
  hiveLine,
  keyLine,
  openHiveFile,
  problemLine,
  registryPlace,
  regOfHive,
  searchKey,
  securityId,
  securityLine,
} from '#engine/registry';
import { findKeys, type Hive, type KeyAt, ProblemList, type SecurityAt, type WalkedKey, walkHive } from '#format/registry-hive';
import { displayText, plural } from '#model';
import type { Arguments } from './arguments.ts';
import type { Context } from './context.ts';
import { writeReg } from './hive-reg.ts';
import { hiveHeading, keyHeading, valueLines } from './hive-text.ts';

export async function printHiveFile(context: Context, args: Arguments, file: string, key: string | undefined): Promise<void> {
  const { signal } = context;
  const logs = args.flag('no-logs') ? [] : args.flag('log') ? args.values('log') : undefined;
  const hive = await openHiveFile(file, { signal, ...(logs && { logs }) });
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
  else await printText(context, hive, file, keys);
}

interface Keys {
  /** Whether it is the whole hive. */
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
      for (const start of from ?? [undefined]) {
        for (const walked of walkHive(hive, problems, start)) {
          const key = choose(walked);
          if (key !== null) yield key;
        }
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

async function printText({ out, style, signal }: Context, hive: Hive, file: string, { isWhole, problems, walk }: Keys): Promise<void> {
  if (isWhole) out.write(`${hiveHeading(hive, await hiveFigures(hive, signal), file, style)}\n`);
  for (const { path, key, values } of walk()) {
    out.write(`${keyHeading(path, key.written, hive.layered ? key.effect : null, style)}\n`);
    for (const line of valueLines(values, style)) out.write(`${line}\n`);
    if (out.full) await out.drain();
  }
  if (!isWhole || problems.count === 0) return;
  out.write(`${style.bold(plural(problems.count, 'problem'))}\n`);
  for (const { path, code, message } of problems.sorted()) {
    out.write(`  ${code}  ${path === null ? '' : `${displayText(path === '' ? '\\' : path)}: `}${displayText(message)}\n`);
    if (out.full) await out.drain();
  }
}
