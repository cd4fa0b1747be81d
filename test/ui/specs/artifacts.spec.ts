import { archiveOf, Files, json, ociImage, ociLayout } from '../../support/image-builder.ts';
import { file, tar, utf8 } from '../../support/tar-builder.ts';
import { expect, test } from '../support/window.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

function chart(files: Files, more: object = {}) {
  const config = files.add(json({ name: 'chart' }), 'application/vnd.cncf.helm.config.v1+json');
  const layer = files.add(utf8('not a tar'), 'application/vnd.cncf.helm.chart.content.v1.tar+gzip');
  const manifest = files.add(json({ schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer], ...more }), MANIFEST);
  return { ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'charts/web:1' } };
}

test('an archive with only artifacts lists them with their types and shows no image', { tag: '@page' }, async ({ win }) => {
  const files = new Files();
  await win.drop(await win.write('chart.tar', archiveOf(ociLayout(files, [chart(files)]))));
  const library = win.page.getByRole('navigation', { name: 'Library' });
  await expect(library.getByText('OCI archive · 1 artifact')).toBeVisible();
  const artifacts = library.getByRole('list', { name: 'Artifacts' });
  await expect(artifacts.getByText('charts/web:1')).toBeVisible();
  await expect(artifacts.getByText('application/vnd.cncf.helm.config.v1+json')).toBeVisible();
  await expect(artifacts.getByText('application/vnd.cncf.helm.chart.content.v1.tar+gzip')).toBeVisible();
  expect(win.complaints).toEqual([]);
});

test('an artifact next to an image shows its subject', async ({ win }) => {
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: tar(file('a.txt', 'a')) }] });
  const subject = { mediaType: MANIFEST, digest: image.digest, size: image.size };
  await win.drop(await win.write('both.tar', archiveOf(ociLayout(files, [image, chart(files, { subject })]))));
  await expect(win.page.getByRole('treegrid', { name: 'Files' })).toBeVisible();
  const artifacts = win.page.getByRole('list', { name: 'Artifacts' });
  await expect(artifacts.getByText(`attached to ${image.digest.slice(7, 19)}`)).toBeVisible();
});

test('if an archive’s image cannot be read, the library says why', { tag: '@page' }, async ({ win }) => {
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: tar(file('a.txt', 'a')) }] });
  files.remove(image);
  await win.drop(await win.write('broken.tar', archiveOf(ociLayout(files, [image]))));
  const library = win.page.getByRole('navigation', { name: 'Library' });
  await expect(library.getByText('OCI archive · no images')).toBeVisible();
  await expect(library.getByText(`manifest ${image.digest} is not in the archive`, { exact: false })).toBeVisible();
});
