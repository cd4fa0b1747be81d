const SHELL = '/bin/sh -c ';
/** Runs of characters that may be keys or tokens. */
const LONG_WORD = /[\w+/=-]{20,}/g;

/**
 * Returns a layer's command for text that others will read: on one line, without the values of build arguments (`RUN |2 TOKEN=x MODE=y
 * /bin/sh -c make`), and with anything that looks like a key or a token masked. When in doubt, masks it.
 */
export function shownCommand(createdBy: string | null): string {
  let plain = (createdBy ?? '').replace(/\s+/g, ' ').trim();
  if (/^(?:RUN )?\|\d/.test(plain)) {
    const shell = plain.indexOf(SHELL);
    plain = shell < 0 ? 'RUN' : `RUN ${plain.slice(shell + SHELL.length)}`;
  }
  return plain.replace(LONG_WORD, (word) => (looksRandom(word) ? `${word.slice(0, 4)}…${word.slice(-2)}` : word));
}

function looksRandom(word: string): boolean {
  if (/[0-9a-f]{32}/i.test(word)) return true;
  return /\d/.test(word) && /[a-z]/.test(word) && /[A-Z]/.test(word);
}
