// Leads: the three bytes at the start of a word by which a secret is found. A token begins with that word; a webhook or a private key
// contains it.

/**
 * All leads, in eight groups for `lead-code.ts`. Leads that differ at a single position go well together; a lead that is common in text
 * should have few others in its group. In programs and libraries, these groups let through one byte in 2,500, of which one in five is a
 * lead.
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

/** The lead in `-----BEGIN `. */
export const KEY_LEAD = leadOf('BEG');
/** The lead in `hooks.slack.com`. */
export const HOST_LEAD = leadOf('sla');

/** Returns a lead as a number. */
export function leadOf(text: string): number {
  return (text.charCodeAt(0) << 16) | (text.charCodeAt(1) << 8) | text.charCodeAt(2);
}

/** Returns the three bytes at a position as a number. */
export function leadAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
}
