import { words } from '../../words/index.ts';

/** A line of an image's config: one value, or several of the same kind. */
export interface ConfigFact {
  readonly label: string;
  readonly values: readonly string[];
  /** Whether each value is a name and, after “=”, a value. */
  readonly arePairs?: true;
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
}

/** Formats a command, with quotes where a shell needs them. */
function commandText(value: unknown): string[] {
  if (typeof value === 'string') return textsOf(value);
  const parts = textsOf(value).map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word)));
  return parts.length === 0 ? [] : [parts.join(' ')];
}

/** Formats a duration in ns; null for 0. */
function duration(value: unknown): string | null {
  if (typeof value !== 'number' || value <= 0) return null;
  return value % 60e9 === 0 ? words.details.minutes(value / 60e9) : words.details.seconds(value / 1e9);
}

function healthText(value: unknown): string[] {
  const { Test, Interval, Timeout, Retries } = fieldsOf(value);
  const [how = '', ...rest] = textsOf(Test);
  if (how === '' || how === 'NONE') return how === '' ? [] : [words.details.noHealthcheck];
  const command = how === 'CMD-SHELL' ? rest.join(' ') : (commandText(how === 'CMD' ? rest : [how, ...rest])[0] ?? '');
  const interval = duration(Interval);
  const timeout = duration(Timeout);
  const notes = words.list([
    interval === null ? '' : words.details.every(interval),
    timeout === null ? '' : words.details.timeout(timeout),
    typeof Retries === 'number' && Retries > 0 ? words.details.retries(Retries) : '',
  ]);
  return [notes === '' ? command : `${command} (${notes})`];
}

/** Returns an image config's settings for containers. Source: OCI image-spec config.md, properties; Docker's Healthcheck and OnBuild. */
export function configFacts(config: unknown): readonly ConfigFact[] {
  const outer = fieldsOf(config);
  const inner = fieldsOf(outer.config);
  const labels = words.details.configLabels;
  const pairs = (value: unknown) => Object.entries(fieldsOf(value)).map(([name, text]) => `${name}=${String(text)}`);
  const facts: readonly ConfigFact[] = [
    { label: labels.entrypoint, values: commandText(inner.Entrypoint) },
    { label: labels.command, values: commandText(inner.Cmd) },
    { label: labels.workingDir, values: textsOf(inner.WorkingDir) },
    { label: labels.user, values: textsOf(inner.User) },
    { label: labels.environment, values: textsOf(inner.Env), arePairs: true },
    { label: labels.ports, values: Object.keys(fieldsOf(inner.ExposedPorts)) },
    { label: labels.volumes, values: Object.keys(fieldsOf(inner.Volumes)) },
    { label: labels.healthcheck, values: healthText(inner.Healthcheck) },
    { label: labels.stopSignal, values: textsOf(inner.StopSignal) },
    { label: labels.shell, values: commandText(inner.Shell) },
    { label: labels.onBuild, values: textsOf(inner.OnBuild) },
    { label: labels.labels, values: pairs(inner.Labels), arePairs: true },
    { label: labels.author, values: textsOf(outer.author) },
  ];
  return facts.filter(({ values }) => values.length > 0);
}
