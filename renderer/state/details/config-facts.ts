/** A line of an image's config: one value, or several of a kind. */
export interface ConfigFact {
  readonly label: string;
  readonly values: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
}

/** A command with quotes where a shell needs them. */
function commandText(value: unknown): string[] {
  if (typeof value === 'string') return textsOf(value);
  const words = textsOf(value).map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word)));
  return words.length === 0 ? [] : [words.join(' ')];
}

/** A duration given in ns, for people; null for 0. */
function duration(value: unknown): string | null {
  if (typeof value !== 'number' || value <= 0) return null;
  return value % 60e9 === 0 ? `${value / 60e9} min` : `${value / 1e9} s`;
}

function healthText(value: unknown): string[] {
  const { Test, Interval, Timeout, Retries } = fieldsOf(value);
  const [how = '', ...rest] = textsOf(Test);
  if (how === '' || how === 'NONE') return how === '' ? [] : ['none'];
  const command = how === 'CMD-SHELL' ? rest.join(' ') : (commandText(how === 'CMD' ? rest : [how, ...rest])[0] ?? '');
  const notes = [
    ['every', duration(Interval)],
    ['at most', duration(Timeout)],
    ['tries', typeof Retries === 'number' && Retries > 0 ? String(Retries) : null],
  ].flatMap(([word, text]) => (text === null ? [] : [`${word} ${text}`]));
  return [notes.length === 0 ? command : `${command} (${notes.join(', ')})`];
}

/** The settings for containers in an image's config. Source: OCI image-spec config.md, properties; Docker's Healthcheck and OnBuild. */
export function configFacts(config: unknown): readonly ConfigFact[] {
  const outer = fieldsOf(config);
  const inner = fieldsOf(outer.config);
  const pairs = (value: unknown) => Object.entries(fieldsOf(value)).map(([name, text]) => `${name}=${String(text)}`);
  const facts: readonly ConfigFact[] = [
    { label: 'Entrypoint', values: commandText(inner.Entrypoint) },
    { label: 'Command', values: commandText(inner.Cmd) },
    { label: 'Working folder', values: textsOf(inner.WorkingDir) },
    { label: 'User', values: textsOf(inner.User) },
    { label: 'Environment', values: textsOf(inner.Env) },
    { label: 'Ports', values: Object.keys(fieldsOf(inner.ExposedPorts)) },
    { label: 'Volumes', values: Object.keys(fieldsOf(inner.Volumes)) },
    { label: 'Health check', values: healthText(inner.Healthcheck) },
    { label: 'Stop signal', values: textsOf(inner.StopSignal) },
    { label: 'Shell', values: commandText(inner.Shell) },
    { label: 'On build', values: textsOf(inner.OnBuild) },
    { label: 'Labels', values: pairs(inner.Labels) },
    { label: 'Author', values: textsOf(outer.author) },
  ];
  return facts.filter(({ values }) => values.length > 0);
}
