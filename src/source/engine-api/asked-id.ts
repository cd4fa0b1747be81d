// Compares an engine's export with the id that was requested. An id is the digest of the config or, with containerd's image store, of the
// manifest or the index.
import type { Archive } from '#archive';
import { displayText, LayerscopeError } from '#model';

/**
 * Throws DIGEST_MISMATCH unless every image of an export is the one with this id. Throws BAD_MANIFEST, IO. `platform` is the one requested,
 * if any. If it is set, Docker exports the manifest without the index, so an index's id can't be compared.
 */
export function refuseOtherImage({ images, artifacts, findings, roots }: Archive, id: string, platform: string | undefined): void {
  const differing = findings.find(({ code }) => code === 'digest-mismatch');
  if (differing !== undefined) throw new LayerscopeError('DIGEST_MISMATCH', `its image ${displayText(id)}: ${differing.message}`);
  const others = images.filter(({ configDigest, manifestDigest, config }) =>
    // If the id is the config's digest, the config must have been read: only then has its digest been checked. A digest that is only the
    // name of a missing file proves nothing.
    configDigest === id ? config === null : manifestDigest !== id,
  );
  if (others.length === 0 && (images.length > 0 || artifacts.some(({ digest }) => digest === id))) return;
  const below = new Set(roots().flatMap((root) => (root.descriptor?.digest === id ? root.images.map(({ index }) => index) : [])));
  if (others.length > 0 && others.every(({ index }) => below.has(index))) return;
  const [other] = others;
  if (other !== undefined && platform !== undefined && other.manifestDigest !== null) return;
  const found = other?.manifestDigest ?? other?.configDigest ?? 'one without a digest';
  throw new LayerscopeError('DIGEST_MISMATCH', `was asked for the image ${displayText(id)}, but exported ${displayText(found)}`);
}
