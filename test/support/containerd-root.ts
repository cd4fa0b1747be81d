// Builds folders in containerd's format: blobs, and names in a bolt database.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type BoltTree, bolt } from './bolt-builder.ts';
import { type BuiltDescriptor, type Files, writeFolder } from './image-builder.ts';

/** Images by namespace and name. */
export type NamedImages = Readonly<Record<string, Readonly<Record<string, BuiltDescriptor>>>>;

function zigzag(value: number): Uint8Array {
  const bytes: number[] = [];
  let left = BigInt(value) * 2n;
  do {
    const low = Number(left & 0x7fn);
    left >>= 7n;
    bytes.push(left > 0n ? low | 0x80 : low);
  } while (left > 0n);
  return Uint8Array.from(bytes);
}

/** Writes the folder; images already there lose their names, but not their blobs. */
export function writeContainerdRoot(root: string, files: Files, images: NamedImages): void {
  writeFolder(path.join(root, 'io.containerd.content.v1.content'), files.map);
  const namespaces: Record<string, BoltTree> = {};
  for (const [namespace, named] of Object.entries(images)) {
    const entries = Object.entries(named).map(([name, { digest, mediaType, size }]): [string, BoltTree] => [
      name,
      { createdat: Uint8Array.of(1), target: { digest, mediatype: mediaType, size: zigzag(size) } },
    ]);
    namespaces[namespace] = { images: Object.fromEntries(entries), content: {} };
  }
  const folder = path.join(root, 'io.containerd.metadata.v1.bolt');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'meta.db'), bolt({ v1: namespaces, version: zigzag(4) } as BoltTree));
}
