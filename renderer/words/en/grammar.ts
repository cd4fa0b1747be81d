import { grammarOf } from '../language.ts';
import { formatTenth } from '../numbers.ts';

export const { form, counted, list } = grammarOf('en');

export const LAYERS = { one: 'layer', other: 'layers' };
export const IMAGES = { one: 'image', other: 'images' };
export const FILES = { one: 'file', other: 'files' };
export const BYTES = { one: 'byte', other: 'bytes' };
export const PATHS = { one: 'path', other: 'paths' };
export const CHANGES = { one: 'change', other: 'changes' };
export const ENTRIES = { one: 'entry', other: 'entries' };
export const FINDINGS = { one: 'finding', other: 'findings' };
export const SECRETS = { one: 'secret', other: 'secrets' };
export const MINOR_SECRETS = { one: 'minor secret', other: 'minor secrets' };
export const NOTES = { one: 'note', other: 'notes' };
export const LEFTOVERS = { one: 'leftover', other: 'leftovers' };

export const someShare = (share: number) => (share < 0.001 ? `under ${formatTenth(0.1)}` : formatTenth(share * 100));
