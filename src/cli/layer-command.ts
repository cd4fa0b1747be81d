import { displayText } from '#model';

/** A history's command in plain words: `RUN npm ci`, without the shell that ran it and BuildKit's mark; one line, safe to print. */
export function layerCommand(createdBy: string | null): string {
  if (createdBy === null) return '';
  let text = createdBy.replace(/\s+/g, ' ').trim();
  text = text.replace(/ # buildkit$/, '');
  if (text.startsWith('/bin/sh -c #(nop)')) text = text.slice('/bin/sh -c #(nop)'.length).trim();
  else if (text.startsWith('/bin/sh -c ')) text = `RUN ${text.slice('/bin/sh -c '.length)}`;
  else text = text.replace(/^RUN (\|\d+ .*? )?\/bin\/sh -c /, 'RUN ');
  return displayText(text);
}
