import { attestationOf, slsaPredicate, statement } from '../../support/attestation-builder.ts';
import { archiveOf, type BuiltDescriptor, Files, json, ociImage, ociLayout } from '../../support/image-builder.ts';
import { file, tar } from '../../support/tar-builder.ts';
import { complaintsOf } from '../support/axe.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

const DOCKERFILE = `FROM golang AS build
RUN go build \\
    -o /out/app
FROM debian
COPY --from=build /out /srv
RUN rm /srv/old
`;
const V1 = 'https://slsa.dev/provenance/v1';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const BASE = 'docker-image://docker.io/library/debian:12@sha256:5f2';

const SPDX = {
  spdxVersion: 'SPDX-2.3',
  name: 'sbom',
  creationInfo: { created: '2026-01-01T00:00:00Z', creators: ['Tool: syft-v1.0'] },
  packages: [{ name: 'zlib1g', versionInfo: '1:1.2.13', licenseDeclared: 'Zlib' }],
  files: [],
};

/** Returns an image on a base image, with files copied from another stage. */
function built(attached: (files: Files, image: BuiltDescriptor, layers: readonly string[]) => BuiltDescriptor[]): Uint8Array {
  const files = new Files();
  const history = [
    { created_by: '/bin/sh -c #(nop) ADD file:1 in /' },
    { created_by: 'COPY /out /srv # buildkit' },
    { created_by: 'RUN /bin/sh -c rm /srv/old # buildkit' },
  ];
  const layers = [tar(file('etc/passwd', 'root')), tar(file('srv/app', 'app'), file('srv/old', 'old')), tar(file('srv/.wh.old'))];
  const annotations = { 'org.opencontainers.image.ref.name': 'shop:1' };
  const image = ociImage(files, { layers: layers.map((each) => ({ tar: each })), config: { history }, annotations });
  return archiveOf(
    ociLayout(files, [
      image,
      ...attached(
        files,
        image,
        image.layers.map(({ digest }) => digest),
      ),
    ]),
  );
}

function provenance(layers: readonly string[]): object {
  const lists = layers.map((_, at) => [layers.slice(0, at + 1)]);
  return slsaPredicate('v1', DOCKERFILE, {
    step0: { source: 'docker-image://golang' },
    step1: { inputs: ['step0'], lines: [[2, 3]] },
    step2: { source: BASE, lines: [[4, 4]], layers: lists[0] ?? [] },
    step3: { inputs: ['step2', 'step1'], lines: [[5, 5]], layers: lists[1] ?? [] },
    step4: { inputs: ['step3'], lines: [[6, 6]], layers: lists[2] ?? [] },
  });
}

const WITH_PROVENANCE = built((files, image, layers) => [
  attestationOf(files, image, [
    statement(image.digest, 'https://spdx.dev/Document', SPDX),
    statement(image.digest, V1, provenance(layers)),
    statement(`sha256:${'1'.repeat(64)}`, 'https://example.com/other', {}),
    '{cut',
  ]),
]);

async function openOrigin(win: LayerscopeWindow, bytes: Uint8Array, layer: number, name: string) {
  const { page } = win;
  await win.drop(await win.write('shop.tar', bytes));
  await page.getByRole('button', { name: new RegExp(`^Layer ${layer} `) }).click();
  await page.getByRole('row', { name: new RegExp(`(added|modified|removed) ${name}`) }).click();
  const details = page.getByRole('region', { name: 'Details' });
  await details.getByRole('tab', { name: 'Origin' }).click();
  return { page, details, versions: details.getByRole('list', { name: 'Versions of this path' }) };
}

test('a file shows the lines that made it, their stage, and its layer’s base image', { tag: '@page' }, async ({ win }) => {
  const { page, details, versions } = await openOrigin(win, WITH_PROVENANCE, 2, 'old');
  await expect(versions.getByRole('listitem').first()).toContainText('Removed by layer 2');
  await expect(versions).toContainText('Dockerfile, line 6, in stage 1 (FROM debian)');
  await expect(versions).toContainText('Dockerfile, line 5, in stage 1 (FROM debian)');
  await expect(versions).toContainText('COPY --from=build /out /srv');
  await expect(versions).toContainText('The files it copied or mounted come from lines 2–3, in stage build (FROM golang).');
  await expect(versions.getByRole('listitem').filter({ hasText: 'RUN go build' }).first()).toBeVisible();
  expect(await complaintsOf(page)).toEqual([]);
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/origin-${win.door}.png` });
  await versions.getByRole('button', { name: 'Added by layer 1' }).click();
  await expect(page.getByRole('heading', { name: 'Layer 1' }).first()).toBeVisible();
  await page.getByRole('button', { name: /^Layer 0 / }).click();
  await page.getByRole('row', { name: /added passwd/ }).click();
  await expect(details).toContainText(BASE);
  await expect(details.getByRole('button', { name: 'Find it in a Dockerfile…' })).toHaveCount(0);
  expect(win.complaints).toEqual([]);
});

test('without provenance, a dropped Dockerfile is matched as a guess, and can be removed', async ({ win }) => {
  const { page, details, versions } = await openOrigin(
    win,
    built(() => []),
    1,
    'app',
  );
  await expect(page.getByText('The image doesn’t record which Dockerfile lines')).toHaveCount(1);
  await win.drop(await win.write('Dockerfile', DOCKERFILE));
  await expect(versions).toContainText('Dockerfile, line 5, in stage 1 (FROM debian)');
  await expect(versions).toContainText('A guess, because the commands match.');
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/guess-${win.door}.png` });
  expect(await complaintsOf(page)).toEqual([]);
  await details.getByRole('button', { name: 'Stop using Dockerfile' }).click();
  await expect(page.getByText('The image doesn’t record which Dockerfile lines')).toHaveCount(1);
  await win.drop(await win.write('web.Dockerfile', 'FROM x\nRUN other\n'));
  await expect(page.getByText('No line in web.Dockerfile matches.')).toHaveCount(1);
  expect(win.complaints).toEqual([]);
});

test('an image shows its attestations: builder, source, parameters, materials and packages', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('shop.tar', WITH_PROVENANCE));
  const details = page.getByRole('region', { name: 'Details' });
  await expect(details.getByRole('heading', { name: 'Attestations' })).toBeVisible();
  await details.getByText('Provenance, SLSA v1').click();
  for (const words of ['https://example.com/run/1', 'https://example.com/app.git', 'build-arg:A=1', 'pkg:docker/alpine@3.20'])
    await expect(details).toContainText(words);
  await details.getByText('The build’s Dockerfile').click();
  await expect(details).toContainText('RUN go build');
  await details.getByText('SBOM, SPDX 2.3').click();
  await details.getByText('Packages', { exact: true }).last().click();
  await expect(details.getByRole('row', { name: 'zlib1g 1:1.2.13 Zlib' })).toBeVisible();
  await expect(details).toContainText('https://example.com/other · May be about another image');
  await expect(details).toContainText('· Damaged');
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/stated-${win.door}.png` });
  expect(await complaintsOf(page)).toEqual([]);
  expect(win.complaints).toEqual([]);
});

test('signatures are described as present, not verified, and an artifact’s files can be viewed', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const bytes = built((files, image) => {
    const payload = json({ critical: { image: { 'docker-manifest-digest': image.digest } } });
    const layer = {
      ...files.add(payload, 'application/vnd.dev.cosign.simplesigning.v1+json'),
      annotations: { 'dev.cosignproject.cosign/signature': 'eHl6', 'org.opencontainers.image.title': 'payload.json' },
    };
    const config = files.add(json({}), 'application/vnd.oci.image.config.v1+json');
    const signature = files.add(json({ mediaType: MANIFEST, config, layers: [layer] }), MANIFEST);
    const name = `${image.digest.replace(':', '-')}.sig`;
    const empty = files.add(json({}), 'application/vnd.oci.empty.v1+json');
    const subject = { mediaType: MANIFEST, digest: `sha256:${'3'.repeat(64)}`, size: 1 };
    const binary = files.add(Uint8Array.of(0, 1, 2, 255), 'application/wasm');
    const thing = files.add(json({ mediaType: MANIFEST, artifactType: 'a/b', config: empty, layers: [binary], subject }), MANIFEST);
    return [{ ...signature, annotations: { 'org.opencontainers.image.ref.name': name } }, thing];
  });
  await win.drop(await win.write('signed.tar', bytes));
  const details = page.getByRole('region', { name: 'Details' });
  await expect(details).toContainText('1 signature present, not verified');
  const artifacts = page.getByRole('list', { name: 'Artifacts' });
  await expect(artifacts).toContainText('signature ·');
  await expect(artifacts).toContainText('attached to 333333333333, which is not in this archive');
  await artifacts.getByText('Files').first().click();
  await artifacts.getByRole('button', { name: /^payload\.json/ }).click();
  const sheet = page.getByRole('dialog', { name: 'payload.json' });
  await expect(sheet).toContainText('"docker-manifest-digest"');
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/artifact-${win.door}.png` });
  await page.keyboard.press('Escape');
  await artifacts.getByText('Files').last().click();
  await artifacts.getByRole('list').last().getByRole('button').click();
  await expect(page.getByRole('region', { name: 'File bytes' })).toContainText('00 01 02 ff');
  await page.keyboard.press('Escape');
  expect(await complaintsOf(page)).toEqual([]);
  expect(win.complaints).toEqual([]);
});
