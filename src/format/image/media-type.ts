// The suffix of a layer's media type states its compression (OCI image-spec media-types.md, layer.md; Docker schema 2):
//
//   application/vnd.oci.image.layer.v1.tar | .tar+gzip | .tar+zstd
//   application/vnd.oci.image.layer.nondistributable.v1.tar | +gzip | +zstd       foreign
//   application/vnd.docker.image.rootfs.diff.tar | .tar.gzip                      never zstd
//   application/vnd.docker.image.rootfs.foreign.diff.tar | .tar.gzip              foreign
//   application/vnd.docker.container.image.rootfs.diff+x-gtar                     unknown to Docker
//
// The media type is often wrong (umoci#220, containers/image#2906), so the blob's first bytes decide, and the media type is only checked.
import type { Compression } from '#model';

/** The media types that this program knows by name. */
export const MEDIA_TYPE = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociEmpty: 'application/vnd.oci.empty.v1+json',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar',
  ociArtifact: 'application/vnd.oci.artifact.manifest.v1+json',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerPlugin: 'application/vnd.docker.plugin.v1+json',
  simpleSigning: 'application/vnd.dev.cosign.simplesigning.v1+json',
  inToto: 'application/vnd.in-toto+json',
  notarySignature: 'application/vnd.cncf.notary.signature',
  helmConfig: 'application/vnd.cncf.helm.config.v1+json',
} as const;

/** Returns the compression that a layer's media type states; null if none is stated or the type isn't a layer's. */
export function statedCompression(mediaType: string | null): Compression | null {
  if (mediaType === null || !/layer|rootfs/.test(mediaType)) return null;
  if (/tar[+.]gzip$/.test(mediaType)) return 'gzip';
  if (/tar[+.]zstd$/.test(mediaType)) return 'zstd';
  return mediaType.endsWith('.tar') ? 'none' : null;
}

/** Returns a clause if a layer's media type contradicts its compression, otherwise null. */
export function mediaTypeProblem(mediaType: string | null, found: Compression): string | null {
  const stated = statedCompression(mediaType);
  if (stated === null) return null;
  if (stated !== found)
    return `says ${stated === 'none' ? 'not compressed' : stated}, but the blob is ${found === 'none' ? 'not compressed' : found}`;
  if (stated === 'zstd' && mediaType?.includes('vnd.docker.')) return 'says zstd, which Docker schema 2 does not allow';
  return null;
}

/** Whether the layer is foreign, so that registries needn't store it. Most foreign layers are Windows base layers. */
export function isForeignMediaType(mediaType: string | null): boolean {
  return mediaType !== null && /\.foreign\.|\.nondistributable\./.test(mediaType);
}
