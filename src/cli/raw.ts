import type { RawMember } from '#archive';
import { chooseImage, chooseLayer } from '#engine';
import { decodeUtf8, displayPath, displayText, escapePath, formatMode, formatTimestamp, jsonText, LayerscopeError, toHex } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { usageError } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { openInput } from './open-input.ts';
import { IMAGE_OPTIONS, JSON_OPTION, LAYER_OPTION } from './options.ts';
import { dateText, permissionText } from './row-text.ts';
import type { Style } from './style.ts';
import { padText } from './text-table.ts';

export const spec: CommandSpec = {
  name: 'raw',
  operands: 'IMAGE --layer N|DIGEST|all',
  minOperands: 1,
  maxOperands: 1,
  options: {
    layer: { value: 'N|DIGEST|all', summary: `${LAYER_OPTION.summary}; all: every layer, from the bottom` },
    json: JSON_OPTION,
    ...IMAGE_OPTIONS,
  },
  summary: 'Every tar entry of a layer in order, with everything in its header and PAX records.',
};

export async function run(context: Context, args: Arguments): Promise<number> {
  const wanted = args.value('layer');
  if (wanted === undefined) throw usageError('raw needs --layer N|DIGEST|all');
  await using input = await openInput(context, args, args.operands[0] ?? '');
  const image = chooseImage(input.archive, { image: args.value('image'), platform: args.value('platform') });
  const { out, style, signal } = context;
  const json = args.flag('json');
  const all = wanted === 'all';
  for (const layer of all ? image.layers : [chooseLayer(image, wanted)]) {
    if (layer.blob === null) {
      const message = `layer ${layer.index} is ${layer.status}: its blob is not in the archive`;
      if (!all) throw new LayerscopeError('BLOB_MISSING', message);
      context.warn(message);
      continue;
    }
    if (all && !json) out.write(`${style.bold(`layer ${layer.index}`)}\n`);
    for await (const member of input.reader.listRaw(layer, { signal })) {
      context.progress.clear();
      out.write(json ? `${jsonText({ ...(all ? { layer: layer.index } : {}), ...rawJson(member) })}\n` : `${rawLine(member, style)}\n`);
      if (out.full) await out.drain();
    }
  }
  return EXIT.done;
}

/** Formats a name that isn't a path: UTF-8 as it is, other bytes as `\xE4`, backslashes not doubled. */
function ownerName(bytes: Uint8Array): string {
  return decodeUtf8(bytes) ?? escapePath(bytes);
}

function rawJson(member: RawMember): Record<string, unknown> {
  const { name, linkname, type, pax, sparse, whiteout } = member;
  return {
    index: member.index,
    offset: member.offset,
    name: escapePath(name),
    ...(decodeUtf8(name) === null ? { nameHex: toHex(name) } : {}),
    type,
    ...(type === 'other' ? { typeflag: String.fromCharCode(member.typeflag) } : {}),
    size: member.size,
    storedSize: member.storedSize,
    mode: formatMode(member.mode),
    uid: member.uid,
    gid: member.gid,
    uname: ownerName(member.uname),
    gname: ownerName(member.gname),
    mtime: formatTimestamp(member.mtimeSeconds, member.mtimeNanos),
    ...(linkname === null ? {} : { linkname: escapePath(linkname) }),
    ...(linkname === null || decodeUtf8(linkname) !== null ? {} : { linknameHex: toHex(linkname) }),
    ...(isDevice(type) ? deviceJson(member) : {}),
    format: member.format,
    ...(pax === null ? {} : { pax: paxJson(pax) }),
    ...(sparse === null ? {} : { sparse }),
    ...(whiteout === null ? {} : { whiteout }),
  };
}

function isDevice(type: string): boolean {
  return type === 'character' || type === 'block';
}

/** Returns the device numbers under the names that `ls` uses, and under older names. */
function deviceJson({ devMajor, devMinor }: RawMember): Record<string, number> {
  return { devmajor: devMajor, devminor: devMinor, devMajor, devMinor };
}

function paxJson(pax: ReadonlyMap<string, Uint8Array>): Record<string, string | { hex: string }> {
  // Object.fromEntries, because assigning a record named __proto__ would set the prototype.
  return Object.fromEntries([...pax].map(([key, value]) => [key, decodeUtf8(value) ?? { hex: toHex(value) }]));
}

function rawLine(member: RawMember, style: Style): string {
  const { type, linkname } = member;
  const owner = `${member.uid}:${member.gid}`;
  const target = linkname === null ? '' : ` ${type === 'hardlink' ? '=>' : '->'} ${displayPath(linkname)}`;
  const extras = [
    type === 'global' || type === 'other' ? type : '',
    isDevice(type) ? `device ${member.devMajor}, ${member.devMinor}` : '',
    member.whiteout === null ? '' : member.whiteout === 'opaque' ? 'opaque' : 'whiteout',
    member.sparse === null ? '' : `sparse, ${member.sparse.length} stored`,
    member.pax === null ? '' : `pax ${displayText([...member.pax.keys()].join(' '))}`,
  ].filter((extra) => extra !== '');
  return [
    style.dim(padText(String(member.offset), 11, 'right')),
    style.dim(padText(member.format, 5)),
    permissionText(type, member.mode),
    padText(owner, 9),
    padText(String(member.size), 10, 'right'),
    style.dim(dateText(member.mtimeSeconds)),
    `${displayPath(member.name)}${target}${extras.length === 0 ? '' : style.dim(`  [${extras.join('; ')}]`)}`,
  ].join('  ');
}
