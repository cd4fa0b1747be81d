import type { OperationName } from '#contract';
import type { NamedImages } from '#engine';
import { displayText, LayerscopeError } from '#model';
import type { Handlers, HostServices, RecentNames } from './services.ts';

type SourceOperation = Extract<OperationName, `sources.${string}`>;

/** Maximum length of the list of recent names. */
const MOST_NAMES = 12;

/** Creates the handlers for images by name. */
export function sourceHandlers({ names }: HostServices, recent: RecentNames): Pick<Handlers, SourceOperation> {
  const allowed = (): NamedImages => {
    if (names === undefined) {
      throw new LayerscopeError('FORBIDDEN', 'images by name are off: start layerscope serve with --allow-sources');
    }
    return names;
  };
  return {
    'sources.list': (_sender, { engine }, signal) => allowed().list(engine, { signal }),
    'sources.look': (_sender, { reference }, signal) => allowed().look(reference, { signal }),
    'sources.open': async (_sender, { reference, platform }) => ({
      jobId: allowed().open(reference, platform, () => recent.opened(reference)),
    }),
    'sources.recent': async () => {
      allowed();
      return { references: recent.list().map(displayText) };
    },
    'sources.forget': async () => {
      allowed();
      recent.forget();
      return {};
    },
  };
}

/** Returns the list with a name moved or added to the front. */
export function withName(names: readonly string[], name: string): readonly string[] {
  return [name, ...names.filter((known) => known !== name)].slice(0, MOST_NAMES);
}

/** Creates a list of names that is lost when the program ends. */
export function createRecentNames(): RecentNames {
  let names: readonly string[] = [];
  return {
    list: () => names,
    opened(name) {
      names = withName(names, name);
    },
    forget() {
      names = [];
    },
  };
}
