import { type Attributes, walkTree } from '#disk';

/** Returns the extended attributes of everything below a root that has any, by path; null if this system can't read them. */
export async function attributesBelow(root: string): Promise<ReadonlyMap<string, Attributes> | null> {
  const found = new Map<string, Attributes>();
  for await (const { path, attributes } of walkTree(root)) {
    if (attributes === null) return null;
    if (attributes.length > 0) found.set(path, attributes);
  }
  return found;
}
