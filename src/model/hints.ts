import type { ErrorCode } from './errors.ts';
import type { FindingCode, WasteCode } from './findings.ts';
import { WASTE_KINDS, wasteAdvice } from './waste-hints.ts';

/** What the user can do about an error, in one sentence. */
export const ERROR_HINTS: Record<ErrorCode, string> = {
  USAGE: 'See layerscope --help.',
  NOT_FOUND: 'Check the name; it may have been moved or removed.',
  NOT_AN_IMAGE: 'Make an archive with: docker save -o image.tar NAME.',
  BAD_MANIFEST: 'The archive was written incorrectly or is damaged; export it again.',
  BAD_TAR: 'The file is damaged or not a tar archive; export it again.',
  TRUNCATED: 'The file was cut off; copy or export it again.',
  DAMAGED: 'The data is damaged; copy or export it again.',
  BLOB_MISSING: 'The archive was exported without this blob; export it again with all its content.',
  DIGEST_MISMATCH: 'The archive is damaged or was changed; export it again.',
  UNSUPPORTED: "This kind of file isn't supported yet.",
  TOO_LARGE: 'The input exceeds a limit that protects this machine.',
  PATH_ESCAPE: 'The entry was refused so that nothing outside the folder is touched.',
  NAME_REFUSED: 'Export to a file system that allows this name.',
  EXISTS: 'Choose another name or folder, or remove what is there.',
  PERMISSION: 'Check the permissions of the file or folder.',
  IO: 'Check the disk and try again.',
  UNREACHABLE: 'Check the address, the network and the proxy settings; for an engine, that it is running.',
  UNAUTHORIZED: 'Log in with: docker login HOST, or skopeo login HOST.',
  RATE_LIMITED: 'Try again later, or log in: registries allow more requests with an account.',
  CANCELLED: 'Start it again when you want it.',
  BAD_REQUEST: 'This is a defect of the program; please report it.',
  FORBIDDEN: 'Open the address that the program printed.',
  INTERNAL: 'This is a defect of the program; please report it.',
};

/**
 * Why bytes are hidden: a later layer deletes the file; a later layer writes different content in its place; or later layers rewrite the
 * file, always with the same bytes.
 */
export type WasteCause = 'deleted' | 'overwritten' | 'rewritten';

/** What to call the bytes hidden for each cause, and how to build an image without them, in one sentence. */
export const WASTE_HINTS: Record<WasteCause, { readonly title: string; readonly hint: string }> = {
  deleted: {
    title: 'Deleted by a later layer',
    hint: 'Delete files in the RUN step that creates them, or build in an earlier stage and copy only the result.',
  },
  overwritten: {
    title: 'Overwritten by a later layer',
    hint: 'Write a file once, with its final content, or join the steps that write it.',
  },
  rewritten: {
    title: 'Same content written again',
    hint: 'Set owner and mode when the file is copied (COPY --chown, --chmod), not in a later step.',
  },
};

/** What a finding means and what to do about it: one or two sentences that hold for every input with that code. */
export const FINDING_HINTS: Record<FindingCode, { title: string; hint: string }> = {
  'missing-blob': {
    title: 'Blob missing',
    hint: "The archive refers to content that it doesn't contain; export it again with all its content.",
  },
  'digest-mismatch': { title: "Digest doesn't match", hint: "The content doesn't have this digest: it was damaged or changed." },
  'diffid-mismatch': {
    title: "Diff ID doesn't match",
    hint: "The layer isn't the one that the image config names: it was damaged or changed.",
  },
  'damaged-blob': { title: 'Damaged blob', hint: "The data doesn't decompress to its end; what could be read is shown." },
  'changed-on-disk': {
    title: 'Changed on the disk',
    hint: "A file of the layer isn't what it was when the engine unpacked it; pull the image again.",
  },
  'toc-mismatch': {
    title: 'Table of contents is wrong',
    hint: 'The layer was read and is shown as it is; tools that fetch its files by the table of contents may see different ones.',
  },
  'bad-tar': { title: 'Damaged tar', hint: 'A header could not be read; entries before it are shown.' },
  'unsupported-compression': {
    title: 'Unsupported compression',
    hint: 'Layers can be plain or compressed with gzip, zstd, xz or bzip2.',
  },
  'layer-unreadable': {
    title: "Layer can't be read",
    hint: "The archive contains it, but in a form that can't be read; the other layers are shown.",
  },
  truncated: { title: 'Cut off', hint: 'The data ends too early; entries up to there are shown.' },
  'path-escape': {
    title: 'Path points outside',
    hint: 'The path or link points outside its folder, archive or image; nothing outside is read or written.',
  },
  'link-outside': {
    title: 'Link points outside the folder',
    hint: 'Open the folder with --follow-links, or copy it with its links followed (cp -rL).',
  },
  'link-loop': { title: 'Link loop', hint: 'The link leads back to itself, so it has no content.' },
  'parent-loop': {
    title: 'Layer loop',
    hint: 'A layer is its own parent, directly or indirectly; the chain is shown up to there.',
  },
  'manifest-unreadable': {
    title: "Manifest can't be read",
    hint: "It is damaged or not a manifest; content listed only there isn't shown.",
  },
  'index-unreadable': {
    title: "Index can't be read",
    hint: 'index.json is damaged or not an index; what manifest.json lists is shown.',
  },
  'config-missing': { title: 'No config', hint: "The manifest doesn't name a config; platform, commands and diff IDs are unknown." },
  'config-unreadable': { title: "Config can't be read", hint: 'Platform, commands and diff IDs are unknown; the layers are shown.' },
  'config-not-image': {
    title: 'Not an image config',
    hint: 'The config is JSON that describes something else; platform, commands and diff IDs are unknown.',
  },
  'bad-digest': {
    title: 'Digest is ill-formed',
    hint: 'A digest is sha256: and 64, or sha512: and 128, lower-case hex digits; nothing can be checked against this one.',
  },
  'bad-descriptor': {
    title: 'Descriptor without a digest',
    hint: "An entry in an index or manifest has no digest, so its content can't be found.",
  },
  'attestation-unreadable': {
    title: "Attestation can't be read",
    hint: "It is marked as an attestation, but doesn't contain an in-toto statement.",
  },
  'manifest-disagreement': {
    title: 'Manifests disagree',
    hint: 'manifest.json and the OCI manifest differ (manifest.json takes precedence), or a file or a field occurs twice. Other programs may show another image.',
  },
  'history-mismatch': {
    title: "History doesn't match layers",
    hint: "The history doesn't match the number of layers; commands may be unknown.",
  },
  'diffid-count': {
    title: "Diff IDs don't match layers",
    hint: 'The config lists more or fewer layers than the manifest; the manifest takes precedence.',
  },
  'foreign-layer': { title: 'Foreign layer', hint: 'The layer is kept elsewhere; nothing is fetched.' },
  'media-type-mismatch': {
    title: 'Media type is wrong',
    hint: "The media type doesn't match the content or the manifest; the content decides.",
  },
  'size-mismatch': { title: "Size doesn't match", hint: 'The content is longer or shorter than its descriptor says.' },
  'sparse-mismatch': { title: "Sparse map doesn't match", hint: 'A sparse file stores more or fewer bytes than its map says.' },
  'trailing-data': { title: 'Data after the end', hint: "Bytes follow the end of the archive; readers ignore them, digests don't." },
  'missing-end-marker': { title: 'No end marker', hint: 'The two zero blocks that end a tar are missing.' },
  unverified: {
    title: 'Not verified',
    hint: 'No digest in the manifest vouches for what the registry sent; --verify reads and checks the whole layer.',
  },
  'odd-name': { title: 'Unusual path', hint: "The name isn't in normal form; readers may differ." },
  'invalid-utf8-name': { title: "Name isn't UTF-8", hint: 'The raw bytes are kept and shown as \\xNN.' },
  'ambiguous-name': { title: 'Two names on one entry', hint: 'Readers disagree; here the GNU long name wins, as in Go.' },
  'global-header': { title: 'PAX global header', hint: "Go, and therefore Docker, doesn't apply it to the entries." },
  'duplicate-path': { title: 'Duplicate path', hint: 'The last entry takes precedence; all of them take up space.' },
  'folder-replaced': {
    title: 'Folder replaced within a layer',
    hint: 'A later entry of the same layer replaces it; what the layer put in it is lost in a container.',
  },
  'entry-below-file': {
    title: 'Entry below a file',
    hint: "A path goes through an entry of the same layer that isn't a folder. Container engines refuse such a layer.",
  },
  'name-through-link': {
    title: 'Path through a symbolic link',
    hint: 'The link is followed inside the image, as a container engine does; the entry is shown where it ends up.',
  },
  'symlink-loop': {
    title: 'Symbolic link loop',
    hint: 'The path leads nowhere, so only raw lists the entry. Container engines refuse such a layer.',
  },
  'symlink-replaced': {
    title: 'Symbolic link replaced by a folder',
    hint: 'A layer has entries below the link, so a container gets a folder there; the target of the link is no longer visible through it.',
  },
  'bare-whiteout': { title: 'Whiteout without a name', hint: "A bare .wh. isn't applied." },
  'whiteout-without-target': { title: 'Whiteout without a target', hint: 'The layers below have nothing there, so it hides nothing.' },
  'dangling-hardlink': {
    title: 'Broken hard link',
    hint: 'Its target is missing, a folder or the link itself. Container engines refuse such a layer.',
  },
  'reserved-name': {
    title: 'Name that Windows reserves or refuses',
    hint: "Programs on Windows can't open it by this name.",
  },
  'case-collision': { title: 'Names that differ in case only', hint: 'Windows treats them as one file.' },
  'unknown-type': { title: 'Unknown entry type', hint: 'Only raw lists the entry.' },
  'not-kept': {
    title: 'Not preserved on this disk',
    hint: "This file system or this user can't preserve it; the rest of the entry was written.",
  },
  'not-made': { title: 'Left out', hint: 'It could not be written here; everything else was.' },
  'index-entry-skipped': {
    title: 'Index entry not followed',
    hint: 'The index is nested too deeply, contains itself, or has too many entries.',
  },
  'too-large': { title: 'Too large', hint: 'It exceeds a limit that protects this machine; what was read before the limit is shown.' },
  'name-too-long': { title: 'Name too long', hint: 'No system supports such a path or link target, so the entry is only listed in raw.' },
  'scan-limit': { title: 'Only partly searched', hint: 'Only the beginning of the file was searched for secrets, because it is so long.' },
  'secret-private-key': {
    title: 'Private key',
    hint: "Replace the key pair wherever it is trusted: removing a layer doesn't unpublish the key.",
  },
  'secret-github-token': { title: 'GitHub token', hint: "Revoke it at GitHub and make a new one: removing a layer doesn't unpublish it." },
  'secret-npm-token': { title: 'npm token', hint: "Revoke it at npm and make a new one: removing a layer doesn't unpublish it." },
  'secret-gitlab-token': { title: 'GitLab token', hint: "Revoke it at GitLab and make a new one: removing a layer doesn't unpublish it." },
  'secret-aws-key': { title: 'AWS access key', hint: "Revoke it at AWS and make a new one: removing a layer doesn't unpublish it." },
  'secret-slack-token': { title: 'Slack token', hint: "Revoke it at Slack and make a new one: removing a layer doesn't unpublish it." },
  'secret-slack-webhook': {
    title: 'Slack webhook',
    hint: "Delete the webhook at Slack and make a new one: removing a layer doesn't unpublish it.",
  },
  'secret-stripe-key': { title: 'Stripe key', hint: "Revoke it at Stripe and make a new one: removing a layer doesn't unpublish it." },
  'secret-gcp-key': {
    title: 'Google API key',
    hint: "Revoke it at Google Cloud and make a new one: removing a layer doesn't unpublish it.",
  },
  'secret-gcp-service-account': {
    title: 'Google service account key',
    hint: "Delete the key of the service account and make a new one: removing a layer doesn't unpublish it.",
  },
  'secret-pypi-token': { title: 'PyPI token', hint: "Revoke it at PyPI and make a new one: removing a layer doesn't unpublish it." },
  'secret-huggingface-token': {
    title: 'Hugging Face token',
    hint: "Revoke it at Hugging Face and make a new one: removing a layer doesn't unpublish it.",
  },
  'secret-openai-token': { title: 'OpenAI key', hint: "Revoke it at OpenAI and make a new one: removing a layer doesn't unpublish it." },
  'secret-anthropic-token': {
    title: 'Anthropic key',
    hint: "Revoke it at Anthropic and make a new one: removing a layer doesn't unpublish it.",
  },
  'secret-digitalocean-token': {
    title: 'DigitalOcean token',
    hint: "Revoke it at DigitalOcean and make a new one: removing a layer doesn't unpublish it.",
  },
  'secret-databricks-token': {
    title: 'Databricks token',
    hint: "Revoke it at Databricks and make a new one: removing a layer doesn't unpublish it.",
  },
  'secret-rubygems-token': {
    title: 'RubyGems key',
    hint: "Revoke it at RubyGems and make a new one: removing a layer doesn't unpublish it.",
  },
  'secret-sendgrid-token': {
    title: 'SendGrid key',
    hint: "Revoke it at SendGrid and make a new one: removing a layer doesn't unpublish it.",
  },
  'secret-shopify-token': {
    title: 'Shopify token',
    hint: "Revoke it at Shopify and make a new one: removing a layer doesn't unpublish it.",
  },
  'secret-vault-token': { title: 'Vault token', hint: "Revoke it at Vault and make a new one: removing a layer doesn't unpublish it." },
  'secret-age-key': { title: 'age key', hint: "Encrypt the files again for a new key: removing a layer doesn't unpublish the old one." },
  'secret-pulumi-token': { title: 'Pulumi token', hint: "Revoke it at Pulumi and make a new one: removing a layer doesn't unpublish it." },
  'secret-grafana-token': {
    title: 'Grafana token',
    hint: "Revoke it at Grafana and make a new one: removing a layer doesn't unpublish it.",
  },
  'secret-postman-token': {
    title: 'Postman key',
    hint: "Revoke it at Postman and make a new one: removing a layer doesn't unpublish it.",
  },
  'secret-artifactory-token': {
    title: 'Artifactory key',
    hint: "Revoke it at Artifactory and make a new one: removing a layer doesn't unpublish it.",
  },
  'secret-docker-token': {
    title: 'Docker Hub token',
    hint: "Revoke it at Docker Hub and make a new one: removing a layer doesn't unpublish it.",
  },
  'secret-docker-auth': {
    title: 'Registry credentials',
    hint: 'Change the password or token of the registry account, and pass credentials to the build as a secret mount.',
  },
  'secret-git-credentials': {
    title: 'Git credentials',
    hint: 'Change the password or revoke the token of the Git host, and clone with a secret or SSH mount.',
  },
  'secret-kubeconfig-key': {
    title: 'Kubernetes credentials',
    hint: 'Revoke the client certificate or token of the cluster, and mount kubeconfig files at run time.',
  },
  'secret-netrc': {
    title: 'Password in .netrc',
    hint: 'Change the password, and mount the file as a secret of the build step that needs it.',
  },
  'secret-env-file': {
    title: 'Secrets in an .env file',
    hint: 'Add .env to .dockerignore, rotate the secrets in it, and pass secrets at run time.',
  },
  'secret-env-password': {
    title: 'Secret in the config',
    hint: 'Change the value, and pass it at run time: everyone who has the image can read its config.',
  },
  'secret-build-arg': {
    title: 'Secret in a build argument',
    hint: 'Change the value, and use a secret mount: the history keeps the arguments of every build.',
  },
  'secret-pypirc': {
    title: 'Password in .pypirc',
    hint: 'Change the password, and mount the file as a secret where packages are published.',
  },
  'secret-key-store': { title: 'Key store', hint: 'Check that it holds no private key, or mount it at run time.' },
  'secret-password-hash': { title: 'Password hash', hint: 'Remove the password from the account: a hash can be attacked offline.' },
  'secret-wp-config': {
    title: 'Passwords in wp-config.php',
    hint: 'Read passwords and keys from the environment, and change those that are in the file.',
  },
  'secret-terraform-state': {
    title: 'Terraform state',
    hint: 'State holds resource attributes, even passwords, in plain text: keep it in a remote backend.',
  },
  'secret-azure-credentials': {
    title: 'Azure credentials',
    hint: 'Sign out of the account that built the image, and log in with a secret mount.',
  },
  'secret-gcloud-credentials': {
    title: 'Google Cloud credentials',
    hint: 'Revoke the login with gcloud auth revoke, and mount credentials only where they are needed.',
  },
  'mode-setuid': {
    title: 'Runs as its owner',
    hint: 'The file is set-user-ID: whoever runs it acts as its owner. Remove the bit (chmod u-s) if nothing needs it.',
  },
  'mode-world-writable': {
    title: 'Everyone may write',
    hint: 'Any user of the container can change it. Remove the permission: chmod o-w.',
  },
  ...wasteHints(),
};

function wasteHints(): Record<WasteCode, { title: string; hint: string }> {
  const entries = (Object.keys(WASTE_KINDS) as WasteCode[]).map((code) => [
    code,
    { title: WASTE_KINDS[code].title, hint: wasteAdvice(code) },
  ]);
  return Object.fromEntries(entries) as Record<WasteCode, { title: string; hint: string }>;
}
