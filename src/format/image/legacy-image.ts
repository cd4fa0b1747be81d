// Archives of Docker up to 1.9 have no manifest.json: a folder for each layer, `<id>/json`, `<id>/layer.tar` and `<id>/VERSION`, and
// `repositories`, which says what is tagged:
//
//   repositories   { "<name>": { "<tag>": "<id>" } }
//   <id>/json      { "id", "parent", "created", "author", "comment", "os", "architecture", "config", "container_config": { "Cmd" } }
//
// A tagged id is the top layer; its parents follow below, by `parent`. What was saved by id alone is in no repository: then the tops
// are the ids that are nobody's parent. Ids are random or derived: they are no digests of anything.
//
// Source: Docker image spec v1.0 and v1.1.
import { type HistoryReport, setTime } from '#model';
import { asObject, asText, asTexts } from './json-value.ts';

export interface LegacyLayer {
  readonly id: string;
  readonly parent: string | null;
  readonly history: HistoryReport;
}

/** Names by id of the top layer, in the order of the document; empty where it is no `repositories`. */
export function parseRepositories(value: unknown): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const [name, tags] of Object.entries(asObject(value) ?? {})) {
    for (const [tag, id] of Object.entries(asObject(tags) ?? {})) {
      if (typeof id !== 'string') continue;
      const list = names.get(id);
      if (list === undefined) names.set(id, [`${name}:${tag}`]);
      else list.push(`${name}:${tag}`);
    }
  }
  return names;
}

/** Whatever of a layer's `json` can be made out. */
export function parseLegacyLayer(id: string, value: unknown): LegacyLayer {
  const object = asObject(value);
  const command = asTexts(asObject(object?.container_config)?.Cmd).join(' ');
  return {
    id,
    parent: asText(object?.parent),
    history: {
      createdBy: command === '' ? null : command,
      created: setTime(asText(object?.created)),
      comment: asText(object?.comment),
      emptyLayer: false,
    },
  };
}
