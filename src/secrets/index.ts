/**
 * Finds secrets in files and in image configs. Pure: bytes in, hits out.
 *
 * - **token**: a value with a known form, such as `ghp_` and 36 characters. It must be a whole word.
 * - **known file**: a file whose name says what it may contain, such as `.netrc`.
 * - **quiet place**: a folder of libraries, tests or examples, where a hit is only a note.
 * - **lead**: the three bytes at the start of a word by which a token, a webhook or a key is found (`leads.ts`).
 * - **hit**: one code in one body. It never contains a whole secret.
 *
 * Begin with `secret-scanner.ts`, which reads bodies piece by piece; `body-searcher.ts` adds UTF-16 text; `lead-window.ts` finds leads,
 * `token-rules.ts` has the forms of tokens, `known-files.ts` the files, and `config-secrets.ts` searches environments, histories and
 * labels.
 */
export { BodySearcher } from './body-searcher.ts';
export { type ConfigHit, type ConfigTexts, isConfigSecret, secretsOfConfig } from './config-secrets.ts';
export { type SecretHit, SecretScanner } from './secret-scanner.ts';
