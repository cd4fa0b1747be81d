// Names of variables that contain secrets, and values that aren't secrets.

const WHOLE = new Set(['TOKEN', 'SECRET', 'PASSWORD']);
const ENDINGS = ['_TOKEN', '_SECRET', '_KEY', '_PASS'];
const PARTS = ['PASSWORD', 'PASSWD', 'PASSPHRASE'];
/**
 * Parts and endings of harmless names: those of public keys, of key ids (official images set GPG_KEY), and of files that contain the
 * secret.
 */
const HARMLESS_PARTS = ['PUBLIC', 'GPG_KEY', 'KEY_ID'];
const HARMLESS_ENDINGS = ['_FILE', '_PATH', '_DIR'];
/** Values that aren't secret, because they are those of settings about passwords, such as ALLOW_EMPTY_PASSWORD=yes. */
const HARMLESS_VALUES = new Set(['true', 'false', 'yes', 'no', 'on', 'off', '0', '1', 'null', 'none', 'nil', '""', "''"]);
/** Parts of values that stand in for a secret. */
const PLACEHOLDERS = ['example', 'changeme', 'change_me', 'change-me', 'placeholder', 'your_', 'your-', 'yourpassword'];
const LONGEST_NAME = 200;

/** Whether a variable's name suggests that its value is secret. */
export function isSecretName(name: string): boolean {
  if (name.length > LONGEST_NAME) return false;
  const upper = name.toUpperCase().replaceAll(/[.-]/g, '_');
  if (HARMLESS_PARTS.some((part) => upper.includes(part)) || HARMLESS_ENDINGS.some((ending) => upper.endsWith(ending))) return false;
  return WHOLE.has(upper) || ENDINGS.some((ending) => upper.endsWith(ending)) || PARTS.some((part) => upper.includes(part));
}

/** Removes quotes around a string. */
export function unquoted(text: string): string {
  const trimmed = text.trim();
  const quote = trimmed[0];
  return trimmed.length >= 2 && (quote === '"' || quote === "'") && trimmed.at(-1) === quote ? trimmed.slice(1, -1) : trimmed;
}

/** Whether a value may be a secret: it isn't empty, a variable, a path, a switch or a placeholder. */
export function isSecretValue(text: string): boolean {
  const value = unquoted(text);
  if (value === '' || '$<{%'.includes(value[0] as string) || isPath(value)) return false;
  const lower = value.slice(0, LONGEST_NAME).toLowerCase();
  if (HARMLESS_VALUES.has(lower) || PLACEHOLDERS.some((word) => lower.includes(word))) return false;
  return [...lower].some((letter) => letter !== 'x' && letter !== '*' && letter !== '.');
}

/** Whether a value is an absolute path. Base64 may begin with `/` too. */
function isPath(value: string): boolean {
  return value[0] === '/' && (value.lastIndexOf('/') > 0 || value.includes('.')) && !/[+=]/.test(value);
}
