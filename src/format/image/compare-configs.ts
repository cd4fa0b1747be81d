// Compares two image configs field by field. Collections without a meaningful order are split: Env by variable, Labels, ExposedPorts and
// Volumes by key. To every engine, null, an empty string and an empty list mean "not set", like a missing field.
//
// Fields about when and how an image was made are not compared (created, history, rootfs, container, docker_version …), nor are those that
// Docker left in `config` from the container that a step ran in.
//
// Source: OCI image-spec config.md, Properties; Docker image spec v1.2.
import { asArray, asObject, type JsonObject } from './json-value.ts';

/**
 * A field that differs, such as `Env.PATH`, `Cmd`, `Labels.maintainer` or `architecture`, with its two JSON values; a value that isn't set
 * is null.
 */
export interface ConfigDifference {
  readonly field: string;
  readonly a: unknown;
  readonly b: unknown;
}

/** Compared fields outside of `config`. */
const OUTER = ['architecture', 'variant', 'os', 'os.version', 'os.features', 'author'] as const;
/** Fields of `config` in the order of the result; others follow, sorted by name. */
const INNER = [
  'User',
  'Env',
  'Entrypoint',
  'Cmd',
  'WorkingDir',
  'ExposedPorts',
  'Volumes',
  'Labels',
  'Healthcheck',
  'StopSignal',
  'Shell',
  'OnBuild',
] as const;
const BY_KEY: ReadonlySet<string> = new Set(['ExposedPorts', 'Volumes', 'Labels']);
const OF_A_CONTAINER: ReadonlySet<string> = new Set([
  'Hostname',
  'Domainname',
  'Image',
  'AttachStdin',
  'AttachStdout',
  'AttachStderr',
  'Tty',
  'OpenStdin',
  'StdinOnce',
]);

/** Returns the differences in a fixed order. A value that isn't an object is treated as empty. */
export function compareConfigs(a: unknown, b: unknown): readonly ConfigDifference[] {
  const [one, two] = [fieldsOf(a), fieldsOf(b)];
  const differences: ConfigDifference[] = [];
  for (const field of new Set([...one.keys(), ...two.keys()].sort(byPlace))) {
    const [before, now] = [one.get(field) ?? null, two.get(field) ?? null];
    if (!isSame(before, now)) differences.push({ field, a: before, b: now });
  }
  return differences;
}

function byPlace(a: string, b: string): number {
  return place(a) - place(b) || (a < b ? -1 : a > b ? 1 : 0);
}

function place(field: string): number {
  const outer = (OUTER as readonly string[]).indexOf(field);
  if (outer >= 0) return outer;
  const inner = INNER.findIndex((name) => name === field || field.startsWith(`${name}.`));
  return OUTER.length + (inner < 0 ? INNER.length : inner);
}

/** Returns the fields that are set, with their values. */
function fieldsOf(config: unknown): ReadonlyMap<string, unknown> {
  const fields = new Map<string, unknown>();
  const set = (field: string, value: unknown): void => {
    if (isSet(value)) fields.set(field, value);
  };
  const outer = asObject(config);
  for (const name of OUTER) set(name, outer?.[name]);
  for (const [name, value] of Object.entries(asObject(outer?.config) ?? {})) {
    const keyed = BY_KEY.has(name) ? asObject(value) : null;
    if (OF_A_CONTAINER.has(name)) continue;
    if (name === 'Env' && Array.isArray(value)) for (const [key, text] of variables(value)) fields.set(`Env.${key}`, text);
    else if (keyed !== null) for (const [key, each] of Object.entries(keyed)) fields.set(`${name}.${key}`, each ?? {});
    else set(name, value);
  }
  return fields;
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

/** Parses `NAME=value` entries; if a name is repeated, the last entry wins, as in Docker. */
function variables(env: readonly unknown[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const each of env) {
    if (typeof each !== 'string') continue;
    // On Windows, variable names can begin with `=`.
    const equals = each.indexOf('=', 1);
    found.set(equals < 0 ? each : each.slice(0, equals), equals < 0 ? '' : each.slice(equals + 1));
  }
  return found;
}

/** Whether two JSON values are equal, regardless of the order of keys. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b)) return false;
    const [one, two] = [asArray(a), asArray(b)];
    return one.length === two.length && one.every((each, at) => isSame(each, two[at]));
  }
  const [one, two] = [asObject(a), asObject(b)];
  if (one === null || two === null) return false;
  return sameKeys(one, two) && Object.keys(one).every((key) => isSame(one[key], two[key]));
}

function sameKeys(a: JsonObject, b: JsonObject): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key));
}
