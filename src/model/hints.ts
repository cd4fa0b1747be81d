import type { ErrorCode } from './errors.ts';
import type { FindingCode } from './findings.ts';

/** What the user can do about an error, in one sentence. */
export const ERROR_HINTS: Record<ErrorCode, string> = {
  USAGE: 'See layerscope --help.',
  NOT_FOUND: 'Check the name; it may have been moved or removed.',
  NOT_AN_IMAGE: 'Make an archive with: docker save -o image.tar NAME.',
  BAD_MANIFEST: 'The archive was written wrongly or damaged; export it again.',
  BAD_TAR: 'The file is damaged or not a tar archive; export it again.',
  TRUNCATED: 'The file was cut off; copy or export it again.',
  DAMAGED: 'The data is damaged; copy or export it again.',
  BLOB_MISSING: 'The archive was exported without this blob; export it again with all its content.',
  DIGEST_MISMATCH: 'The archive is damaged or was changed; export it again.',
  UNSUPPORTED: 'This kind of file is not supported yet.',
  TOO_LARGE: 'The input passes a limit that protects this machine.',
  PATH_ESCAPE: 'The entry was refused so that nothing outside the folder is touched.',
  NAME_REFUSED: 'Export to a file system that allows this name.',
  EXISTS: 'Choose another folder, or remove what is there.',
  PERMISSION: 'Check the permissions of the file or folder.',
  IO: 'Check the disk and try again.',
  CANCELLED: 'Start it again when you want it.',
  BAD_REQUEST: 'This is a defect of the program; please report it.',
  FORBIDDEN: 'Open the address that the program printed.',
  INTERNAL: 'This is a defect of the program; please report it.',
};

/** What a finding means and what to do: true of every input with that code. */
export const FINDING_HINTS: Record<FindingCode, { title: string; hint: string }> = {
  'missing-blob': {
    title: 'Blob missing',
    hint: 'The archive names content that it does not contain; export it again with all its content.',
  },
  'digest-mismatch': { title: 'Digest does not match', hint: 'The content is not what its digest says: damaged or changed.' },
  'diffid-mismatch': { title: 'Diff ID does not match', hint: 'The layer is not what the image config says: damaged or changed.' },
  'damaged-blob': { title: 'Damaged blob', hint: 'The data does not decompress to its end; what could be read is shown.' },
  'bad-tar': { title: 'Damaged tar', hint: 'A header could not be read; entries before it are shown.' },
  'unsupported-compression': {
    title: 'Unsupported compression',
    hint: 'Layers can be plain or compressed with gzip, zstd, xz or bzip2.',
  },
  'layer-unreadable': {
    title: 'Layer cannot be read',
    hint: 'The archive contains it, but in a form that cannot be read; the other layers are shown.',
  },
  truncated: { title: 'Cut off', hint: 'The data ends too early; entries up to there are shown.' },
  'path-escape': {
    title: 'Path leads outside',
    hint: 'The path or link leads out of where it belongs; nothing outside is read or written.',
  },
  'link-outside': {
    title: 'Link out of the folder',
    hint: 'Open the folder with --follow-links, or copy it with its links followed (cp -rL).',
  },
  'link-loop': { title: 'Link in a circle', hint: 'The link leads back to itself, so it has no content.' },
  'parent-loop': {
    title: 'Layers in a circle',
    hint: 'A layer is its own parent, directly or indirectly; the chain is shown up to there.',
  },
  'manifest-unreadable': {
    title: 'Manifest cannot be read',
    hint: 'The manifest is damaged or of another kind; content that only it names is not shown.',
  },
  'index-unreadable': {
    title: 'Index cannot be read',
    hint: 'index.json is damaged or of another kind; what manifest.json names is shown.',
  },
  'config-missing': { title: 'No config', hint: 'The manifest names no config; platform, commands and diff IDs are unknown.' },
  'config-unreadable': { title: 'Config cannot be read', hint: 'Platform, commands and diff IDs are unknown; the layers are shown.' },
  'config-not-image': {
    title: 'Config is of another kind',
    hint: 'It is JSON, but not the config of an image; platform, commands and diff IDs are unknown.',
  },
  'bad-digest': {
    title: 'Digest is ill-formed',
    hint: 'A digest is sha256: and 64, or sha512: and 128, lower-case hex digits; nothing can be checked against this one.',
  },
  'bad-descriptor': {
    title: 'Descriptor without a digest',
    hint: 'An entry of an index or a manifest names no content that could be looked for.',
  },
  'attestation-unreadable': {
    title: 'Attestation cannot be read',
    hint: 'It calls itself an attestation, but contains no in-toto statement.',
  },
  'manifest-disagreement': {
    title: 'Manifests disagree',
    hint: 'manifest.json and the OCI manifest differ; manifest.json takes precedence.',
  },
  'history-mismatch': {
    title: "History doesn't match layers",
    hint: 'The history does not match the number of layers; commands may be unknown.',
  },
  'diffid-count': {
    title: 'Diff IDs do not fit',
    hint: 'The config names more or fewer layers than the manifest; the manifest takes precedence.',
  },
  'foreign-layer': { title: 'Foreign layer', hint: 'The layer is kept elsewhere; nothing is fetched.' },
  'media-type-mismatch': {
    title: 'Media type is wrong',
    hint: 'The media type does not fit the content or the manifest; the content decides.',
  },
  'size-mismatch': { title: 'Size does not match', hint: 'The content is longer or shorter than its descriptor says.' },
  'sparse-mismatch': { title: 'Sparse map does not fit', hint: 'A sparse file stores more or fewer bytes than its map says.' },
  'trailing-data': { title: 'Data after the end', hint: 'Bytes follow the end of the archive; readers ignore them, digests do not.' },
  'missing-end-marker': { title: 'No end marker', hint: 'The two zero blocks that end a tar are missing.' },
  'odd-name': { title: 'Unusual path', hint: 'The name is not in normal form; readers may differ.' },
  'invalid-utf8-name': { title: 'Name is not UTF-8', hint: 'The raw bytes are kept and shown as \\xNN.' },
  'ambiguous-name': { title: 'Two names on one entry', hint: 'Readers disagree; the GNU long name wins here, as in Go.' },
  'global-header': { title: 'PAX global header', hint: 'Go, and so Docker, does not apply it to the entries.' },
  'duplicate-path': { title: 'Path more than once', hint: 'The last entry takes precedence; all of them take up space.' },
  'folder-replaced': {
    title: 'Folder replaced within a layer',
    hint: 'A later entry of the same layer replaces it; what the layer put in it is lost in a container.',
  },
  'entry-below-file': {
    title: 'Entry below a file',
    hint: 'A path goes through an entry of the same layer that is not a folder. Container engines refuse such a layer.',
  },
  'name-through-link': {
    title: 'Path through a symbolic link',
    hint: 'The link is followed inside the image, as a container engine does; the entry is shown where it ends up.',
  },
  'symlink-loop': {
    title: 'Symbolic links in a circle',
    hint: 'The path leads nowhere, so only raw lists the entry. Container engines refuse such a layer.',
  },
  'symlink-replaced': {
    title: 'Symbolic link replaced by a folder',
    hint: 'A layer has entries below the link, so a container gets a folder there; the target of the link is no longer visible through it.',
  },
  'bare-whiteout': { title: 'Whiteout without a name', hint: 'A bare .wh. is not applied.' },
  'whiteout-without-target': { title: 'Whiteout without a target', hint: 'The layers below have nothing there, so it hides nothing.' },
  'dangling-hardlink': {
    title: 'Broken hard link',
    hint: 'Its target is missing, a folder, or the link itself. Container engines refuse such a layer.',
  },
  'reserved-name': {
    title: 'Name that Windows reserves or refuses',
    hint: 'Programs on Windows cannot open it by this name.',
  },
  'case-collision': { title: 'Names that differ in case only', hint: 'Windows treats them as one file.' },
  'unknown-type': { title: 'Unknown entry type', hint: 'Only raw lists the entry.' },
  'not-kept': { title: 'Not kept on this disk', hint: 'This file system or this user cannot keep it; the rest of the entry was laid out.' },
  'not-made': { title: 'Left out', hint: 'It could not be laid out here; everything else was.' },
  'index-entry-skipped': {
    title: 'Index entry not followed',
    hint: 'The index is nested too deeply, in a circle, or has too many entries.',
  },
  'too-large': { title: 'Too large', hint: 'It passes a limit that protects this machine; what was read before the limit is shown.' },
  'name-too-long': { title: 'Name too long', hint: 'No system takes such a path or link target, so the entry is only listed in raw.' },
};
