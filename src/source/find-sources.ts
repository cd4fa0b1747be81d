import { dockerContainerFolder } from './disk/docker-container.ts';
import { dockerFolderSources, findDiskSources } from './disk/find-disk-sources.ts';
import { findEngines } from './engine-api/find-engines.ts';
import { RegistrySource } from './registry/registry-source.ts';
import type { ImageSource, SourceEnvironment } from './types.ts';

/** Returns every source on this machine in the order to try them, nearest first. */
export function findSources(environment: SourceEnvironment): readonly ImageSource[] {
  const { plainHttp = [], realms = [] } = environment;
  return [
    ...findDiskSources(environment),
    ...findEngines(environment, {
      foldersIn: dockerFolderSources,
      containerFolder: (root, container) => dockerContainerFolder(environment.home, root, container),
    }),
    new RegistrySource(environment, { plainHttp, realms }),
  ];
}
