import MiniSearch from 'minisearch';

/** A section of a page: the text under one heading. */
export interface SearchRecord {
  /** Path in the site, with the heading's anchor. */
  readonly page: string;
  /** Title of the page. */
  readonly title: string;
  /** Empty before the first heading. */
  readonly heading: string;
  readonly text: string;
}

export interface FoundSection extends SearchRecord {
  /** The beginning of the text, or the text around a word that was searched for. */
  readonly excerpt: string;
}

/** Result of a search: the number of matching sections, and the best of them. */
export interface Found {
  readonly total: number;
  readonly best: readonly FoundSection[];
}

const MOST_RESULTS = 12;
const EXCERPT_LENGTH = 140;

/** Splits text into words, and names such as `zstd:chunked`, `--no-cache` and `windowsfilter/layerchain.json` into their parts. */
const wordsOf = (text: string): string[] => text.split(/[^\p{L}\p{N}_]+/u).filter((word) => word !== '');

function excerptOf(text: string, terms: readonly string[]): string {
  const lower = text.toLowerCase();
  const at = Math.min(...terms.map((term) => lower.indexOf(term)).filter((place) => place >= 0));
  const start = Number.isFinite(at) && at > 60 ? lower.lastIndexOf(' ', at - 40) + 1 : 0;
  const rest = text.slice(start);
  const shown = rest.length <= EXCERPT_LENGTH ? rest : `${rest.slice(0, rest.lastIndexOf(' ', EXCERPT_LENGTH))} …`;
  return `${start > 0 ? '… ' : ''}${shown}`;
}

/** Indexes records. Returns a function that finds those with all words of a query, or with words that begin with or resemble them. */
export function searcher(records: readonly SearchRecord[]): (query: string) => Found {
  const index = new MiniSearch<SearchRecord & { id: number }>({ fields: ['title', 'heading', 'text'], tokenize: wordsOf });
  index.addAll(records.map((record, id) => ({ ...record, id })));
  const options = {
    combineWith: 'AND',
    prefix: true,
    fuzzy: (term: string) => (term.length > 4 ? 0.2 : false),
    boost: { title: 3, heading: 2 },
  } as const;
  return (query) => {
    const found = index.search(query, options);
    const best = found.slice(0, MOST_RESULTS).flatMap(({ id, terms }) => {
      const record = records[id as number];
      return record === undefined ? [] : [{ ...record, excerpt: excerptOf(record.text, terms) }];
    });
    return { total: found.length, best };
  };
}
