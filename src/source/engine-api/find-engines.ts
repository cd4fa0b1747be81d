import { asLayerscopeError, LayerscopeError } from '#model';
import type { ImageSource, SourceEnvironment } from '../types.ts';
import { findEndpoints } from './endpoints.ts';
import { type EngineOptions, EngineSource } from './engine-source.ts';

/**
 * Returns the engines named by the environment, the settings or sockets. Invalid settings result in a source that throws the reason.
 * `folders` says how to read the contents of a data root named by Docker.
 */
export function findEngines(
  environment: SourceEnvironment,
  folders: Pick<EngineOptions, 'foldersIn' | 'containerFolder'> = {},
): readonly ImageSource[] {
  const { offline } = environment;
  try {
    return findEndpoints(environment).map((endpoint) => new EngineSource(endpoint, { offline, ...folders }));
  } catch (error) {
    return [brokenSource(asLayerscopeError(error))];
  }
}

/** Returns a source for a Docker engine with invalid settings, which throws the problem. */
function brokenSource(problem: LayerscopeError): ImageSource {
  const refuse = (): Promise<never> => Promise.reject(new LayerscopeError('NOT_FOUND', problem.message));
  return {
    kind: 'docker',
    engine: 'docker',
    place: '',
    answers: (word) => word.kind === 'name' || (word.kind === 'engine' && word.engine === 'docker'),
    list: refuse,
    platforms: refuse,
    open: refuse,
  };
}
