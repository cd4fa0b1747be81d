import { homedir } from 'node:os';
import { findSources, type ImageSource, RegistrySource, type SourceEnvironment } from '#source';
import type { Arguments } from './arguments.ts';

/** Returns the settings for sources, from this process's environment and the options. */
function environmentOf(args: Arguments): SourceEnvironment {
  const { env, platform } = process;
  return {
    env,
    home: homedir(),
    platform,
    offline: args.flag('offline'),
    plainHttp: listOf(args, 'plain-http'),
    realms: listOf(args, 'realm'),
  };
}

/** Returns the places where images are looked up by name, in the order in which they are tried. */
export function userSources(args: Arguments): readonly ImageSource[] {
  return findSources(environmentOf(args));
}

/** Returns the registry source only. */
export function userRegistries(args: Arguments): RegistrySource {
  const environment = environmentOf(args);
  const { plainHttp = [], realms = [] } = environment;
  return new RegistrySource(environment, { plainHttp, realms });
}

function listOf(args: Arguments, option: string): readonly string[] {
  return (args.value(option) ?? '').split(',').filter((host) => host !== '');
}
