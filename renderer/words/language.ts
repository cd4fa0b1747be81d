import { formatCount } from './numbers.ts';

/** The forms of a noun that a language's plural rules require. Source: Unicode CLDR, Language Plural Rules. */
export type Forms = Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>;

/** Text with parts that aren't text, such as a size that the page draws. The caller supplies those parts. */
export type Phrase<T> = readonly (string | T)[];

/** Returns the grammar that a catalogue needs for a language. `tag` is a BCP 47 tag. */
export function grammarOf(tag: string) {
  const rules = new Intl.PluralRules(tag);
  const lists = new Intl.ListFormat(tag, { type: 'unit', style: 'short' });
  const form = (count: number, forms: Forms): string => forms[rules.select(count)] ?? forms.other;
  return {
    /** Returns the noun's form for a number. */
    form,
    /** Returns the number followed by the noun: `1,204 layers`. */
    counted: (count: number, forms: Forms): string => `${formatCount(count)} ${form(count, forms)}`,
    /** Formats a list of the non-empty items: `content, mode`. */
    list: (items: readonly string[]): string => lists.format(items.filter((item) => item !== '')),
  };
}
