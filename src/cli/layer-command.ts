import { displayText } from '#model';

/**
 * Formats a command in the history as in a Dockerfile (`RUN npm ci`), without the shell and BuildKit's suffix, as one line that is safe to
 * print.
 */
export function layerCommand(createdBy: string | null): string {
  if (createdBy === null) return '';
  let text = createdBy.replace(/\s+/g, ' ').trim();
  text = text.replace(/ # buildkit$/, '');
  if (text.startsWith('/bin/sh -c #(nop)')) text = text.slice('/bin/sh -c #(nop)'.length).trim();
  else if (text.startsWith('/bin/sh -c ')) text = `RUN ${text.slice('/bin/sh -c '.length)}`;
  else text = text.replace(/^RUN (\|\d+ .*? )?\/bin\/sh -c /, 'RUN ');
  return displayText(text);
}
