/**
 * An extension for Podman Desktop: shows the files of an image layer by layer. It registers an image files provider, which runs the
 * `layerscope` command.
 */
import * as desktop from '@podman-desktop/api';
import { readImageLayers } from './image-layers.ts';

export function activate({ subscriptions }: desktop.ExtensionContext): void {
  const provider = desktop.provider.createImageFilesProvider(
    {
      getFilesystemLayers: (image, token) =>
        readImageLayers(image, {
          run: async (args) => (await desktop.process.exec(program(), [...args], token === undefined ? {} : { token })).stdout,
          provider,
        }),
    },
    { label: 'Layerscope' },
  );
  subscriptions.push(provider);
}

function program(): string {
  return desktop.configuration.getConfiguration('layerscope').get<string>('program') || 'layerscope';
}
