// Archives from Docker 1.9 and earlier have no manifest.json. Each layer has a folder with `<id>/json`, `<id>/layer.tar` and
// `<id>/VERSION`, and a file `repositories` has the tags:
//
//   repositories   { "<name>": { "<tag>": "<id>" } }
//   <id>/json      { "id", "parent", "created", "author", "comment", "os", "architecture", "config", "container_config": { "Cmd" } }
//
// A tagged id is the top layer; `parent` leads to the layers below. Images that were saved by id have no tag: their top layers are the
// ids that no layer names as its parent. Ids are random or derived; they aren't digests.
//
// Source: Docker image spec v1.0 and v1.1.
import { type HistoryReport, setTime } from '#model';
import { fieldReader } from './json-fields.ts';
import { asObject, asText, asTexts } from './json-value.ts';

/** A layer of an old archive, described by its `<id>/json`. */
export interface LegacyLayer {
  readonly id: string;
  readonly parent: string | null;
  readonly history: HistoryReport;
}

/** Parses `repositories` into a map from the top layer's id to names, in the order of the document; empty if it is malformed. */
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

const layerFields = fieldReader('parent', 'container_config', 'created', 'comment');
const commandFields = fieldReader('Cmd');

/** Parses as much of a layer's `json` as possible. */
export function parseLegacyLayer(id: string, value: unknown): LegacyLayer {
  const object = layerFields(value);
  const command = asTexts(commandFields(object?.container_config)?.Cmd).join(' ');
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
