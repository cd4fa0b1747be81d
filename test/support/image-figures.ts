// Facts about an image that must be the same wherever it is read from.
import type { Archive, ArchiveLayer, ArchiveReader } from '#archive';
import { inspectArchive } from '#engine';
import type { ArchiveReport } from '#model';

/** Returns a report without the fields about the image's source. `digests`: whether both sides have the same blobs. */
export function figuresOf(report: ArchiveReport, { digests = true } = {}): unknown {
  const images = report.images.map((image) => ({
    ...image,
    manifestDigest: digests ? image.manifestDigest : null,
    layers: image.layers.map((layer) => (digests ? layer : { ...layer, digest: null, mediaType: null, compression: null, blobBytes: 0 })),
  }));
  return { images, artifacts: report.artifacts, findings: report.findings };
}

/** Reads everything from an archive: its verified report, every header, and the bytes of every layer's files. */
export async function readEverything(reader: ArchiveReader, archive: Archive, options: { digests?: boolean } = {}): Promise<unknown> {
  const report = await inspectArchive(reader, archive, { verify: true });
  const layers: unknown[] = [];
  for (const layer of archive.images.flatMap((image) => image.layers)) {
    const members: unknown[] = [];
    const [indexed] = await reader.indexLayers([layer]);
    if (!indexed) throw new Error(`layer ${layer.index} can't be read`);
    for await (const { pax, ...member } of reader.listRaw(layer)) {
      const body: Buffer[] = [];
      if (member.type === 'file') for await (const bytes of reader.readBody(layer, indexed, member.index)) body.push(Buffer.from(bytes));
      members.push({ ...member, pax: pax === null ? null : [...pax], body: Buffer.concat(body).toString('hex') });
    }
    layers.push(members);
  }
  return { report: figuresOf(report, options), layers };
}

/** Describes a layer's entries, one per line, in name order: the same for any tar of the same files. */
export async function entriesOf(reader: ArchiveReader, layer: ArchiveLayer): Promise<readonly string[]> {
  const [indexed] = await reader.indexLayers([layer]);
  if (!indexed) throw new Error(`layer ${layer.index} can't be read`);
  const lines: string[] = [];
  for await (const { index, name, type, size, mode, uid, gid, mtimeSeconds, linkname, devMajor, devMinor, pax } of reader.listRaw(layer)) {
    const body: Uint8Array[] = [];
    if (type === 'file') for await (const bytes of reader.readBody(layer, indexed, index)) body.push(Buffer.from(bytes));
    const plain = Buffer.from(name)
      .toString('latin1')
      .replace(/^\.?\//, '')
      .replace(/\/$/, '');
    const attributes = [...(pax ?? [])]
      .filter(([key]) => key.startsWith('SCHILY.xattr.'))
      .map(([key, value]) => `${key}=${Buffer.from(value).toString('hex')}`);
    const isWhiteout = /(^|\/)\.wh\./.test(plain);
    const facts = isWhiteout
      ? []
      : [
          size,
          (mode & 0o7777).toString(8),
          uid,
          gid,
          mtimeSeconds,
          devMajor,
          devMinor,
          Buffer.from(linkname ?? []).toString('latin1'),
          ...attributes,
        ];
    lines.push(`${plain} ${type} ${facts.join(' ')} ${Buffer.concat(body).toString('hex')}`);
  }
  return lines.sort();
}
