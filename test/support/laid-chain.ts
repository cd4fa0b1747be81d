// Lays out layers in a folder as a mount does, without a store.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { blobInFile } from '#archive';
import { removeTree } from '#disk';
import type { Finding } from '#model';
import { LayerTables } from '../../src/driver/portable/layer-tables.ts';
import { layOutChain } from '../../src/driver/portable/mount-chain.ts';
import { testFolder } from './workbench.ts';

/** Creates an empty folder inside a temporary folder, which is removed when the test ends, whatever the modes of its content. */
export function newRoot(t: TestContext): string {
  const folder = mkdtempSync(path.join(testFolder(t), 'laid-'));
  t.after(() => removeTree(folder));
  const root = path.join(folder, 'root');
  mkdirSync(root);
  return root;
}

/** Lays out layers, bottom first. Returns the findings as lines, except those about owners, which only root can set. */
export async function layOut(root: string, ...layers: readonly Uint8Array[]): Promise<string[]> {
  return (await allTold(root, ...layers)).filter((line) => !line.endsWith('only root can change owners'));
}

/** Like {@link layOut}, but returns all findings. */
export async function allTold(root: string, ...layers: readonly Uint8Array[]): Promise<string[]> {
  const findings: Finding[] = [];
  const fileOf = (digest: string): string => path.join(path.dirname(root), `${digest.slice('sha256:'.length)}.tar`);
  const records = layers.map((bytes, index) => {
    const blob = { digest: `sha256:${index}`, size: bytes.length, mediaType: '', diffId: null, fileBytes: null };
    writeFileSync(fileOf(blob.digest), bytes);
    return { version: 1, parent: null, readWrite: false, blob } as const;
  });
  const folder = path.dirname(root);
  const blob = (digest: string) => blobInFile(fileOf(digest), digest);
  const tables = new LayerTables({ folder: path.join(folder, 'tables'), temporary: folder, cacheFolder: null, blob });
  await layOutChain(root, records, { tables, readWhole: async (digest) => blob(digest) }, { onFinding: (found) => findings.push(found) });
  return findings.map(({ code, message, path: where }) => (where === undefined ? `${code} ${message}` : `${code} ${where}: ${message}`));
}
