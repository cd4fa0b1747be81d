// Leads: the three bytes at the start of a word that a secret begins with, or, where a secret begins with something else, that it has.

/**
 * All leads, in eight groups for `lead-code.ts`. Leads that differ at one place only fit together; a lead that is frequent in texts should
 * have few others beside it. These groups let through one of 2,500 bytes of programs and libraries, of which one in five is a lead.
 */
export const LEAD_GROUPS: readonly (readonly string[])[] = [
  'ABI ACC AKC AKI ASI BEG',
  'ghs ghu hf_ hvs rk_',
  'SG. sk- sla',
  'pul pyp rub',
  'AGE AIz git',
  'PMA shp sk_ xox',
  'gld gls npm',
  'dap dck doo dop dor gho ghp ghr glp glr',
].map((group) => group.split(' '));

/** Of `-----BEGIN `. */
export const KEY_LEAD = leadOf('BEG');
/** Of `hooks.slack.com`. */
export const HOST_LEAD = leadOf('sla');

/** A lead as a number. */
export function leadOf(text: string): number {
  return (text.charCodeAt(0) << 16) | (text.charCodeAt(1) << 8) | text.charCodeAt(2);
}

/** The three bytes at a place as a number. */
export function leadAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
}
