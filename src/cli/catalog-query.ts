import {
  CatalogFolder,
  CatalogReader,
  duckSql,
  loadDuckDb,
  type PlainValue,
  type Question,
  questionValues,
  type ResultPart,
  readQuestions,
} from '#catalog';
import { cacheFolder, dataFolder } from '#engine';
import { codeSpan } from '#format/markdown';
import { beginningOf, displayText, jsonText } from '#model';
import type { Arguments } from './arguments.ts';
import { usageError } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { questionsFolder } from './installation.ts';
import { formatTable, shorten } from './text-table.ts';

type Row = readonly PlainValue[];
type Format = (columns: readonly string[]) => RowWriter;

/** Formats a result as text. */
interface RowWriter {
  head(): string;
  /** Adds a row. Returns the text to write now: this row, rows that were held back before it, or nothing. */
  row(row: Row): string;
  /** Returns the rest of the text; call it after the last row. */
  end(): string;
}

/** Runs `catalog query`: SQL, a named question, or the list of questions. */
export async function runQuery(context: Context, args: Arguments, operands: readonly string[]): Promise<number> {
  const [sql, ...rest] = operands;
  if (rest.length > 0) throw usageError('catalog query takes one query: quote it');
  const name = args.value('named');
  if (sql !== undefined && name !== undefined) throw usageError('catalog query takes SQL or --named, not both');
  const format = formatOf(args);
  if (sql === undefined && name === undefined) return listQuestions(context, args);
  const given = givenValues(args);
  const question = name === undefined ? null : findQuestion(name);
  const values = question === null ? Object.fromEntries(given) : questionValues(question, given);
  const from = args.value('from');
  if (from === undefined) throw usageError('catalog query needs --from FOLDER');
  const folder = CatalogFolder.open(from);
  let isStuck = false;
  const options = {
    cache: args.flag('no-cache') ? null : cacheFolder(),
    signal: context.signal,
    onStuck: () => {
      isStuck = true;
    },
  };
  // A second Ctrl-C must end the process by a signal, because exiting would wait for DuckDB.
  context.endBySignal(true);
  try {
    using reader = await CatalogReader.open(loadDuckDb(dataFolder()), folder, options);
    await writeAnswer(context, format, (onLeftOut) =>
      reader.query(question === null ? (sql ?? '') : duckSql(question.sql), values, { onLeftOut }),
    );
  } finally {
    context.endBySignal(isStuck);
  }
  return EXIT.done;
}

type OnLeftOut = (file: string, reason: string) => void;

async function writeAnswer(
  { out, warn }: Context,
  format: Format,
  ask: (onLeftOut: OnLeftOut) => AsyncIterable<ResultPart>,
): Promise<void> {
  let writer: RowWriter | null = null;
  const parts = ask((file, reason) => warn(`${displayText(file)} is left out: ${reason}`));
  for await (const { columns, rows } of parts) {
    if (writer === null) {
      writer = format(columns);
      out.write(writer.head());
    }
    for (const row of rows) {
      out.write(writer.row(row));
      if (out.full) await out.drain();
    }
  }
  out.write(writer?.end() ?? '');
}

function listQuestions({ out, style }: Context, args: Arguments): number {
  const questions = readQuestions(questionsFolder());
  if (args.flag('json')) {
    for (const question of questions) out.write(`${jsonText(question)}\n`);
    return EXIT.done;
  }
  for (const { name, summary, parameters } of questions) {
    out.write(`${style.bold(name)}\n  ${summary}\n`);
    for (const { name: parameter, what, default: value } of parameters) {
      out.write(style.dim(`  --param ${parameter}=…  ${what}${value === null ? '' : ` (default: ${value})`}\n`));
    }
  }
  return EXIT.done;
}

/** Throws USAGE. */
function findQuestion(name: string): Question {
  const questions = readQuestions(questionsFolder());
  const question = questions.find((each) => each.name === name);
  if (question === undefined) throw usageError(`no question ${displayText(name)}: ${questions.map((each) => each.name).join(', ')}`);
  return question;
}

function givenValues(args: Arguments): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const word of args.values('param')) {
    const at = word.indexOf('=');
    if (at <= 0) throw usageError(`--param takes NAME=VALUE, not ${displayText(word)}`);
    const name = word.slice(0, at);
    if (values.has(name)) throw usageError(`--param ${displayText(name)} is given twice`);
    values.set(name, word.slice(at + 1));
  }
  return values;
}

/** Throws USAGE if several formats are requested. */
function formatOf(args: Arguments): Format {
  const asked = (['json', 'csv', 'markdown'] as const).filter((each) => args.flag(each));
  const [first, second] = asked;
  if (second !== undefined) throw usageError(`--${first} or --${second}, not both`);
  return first === undefined ? textWriter : FORMATS[first];
}

const FORMATS: Readonly<Record<'json' | 'csv' | 'markdown', Format>> = {
  json: (columns) => ({
    head: () => '',
    row: (row) => `${jsonText(Object.fromEntries(columns.map((name, index) => [name, row[index] ?? null])))}\n`,
    end: () => '',
  }),
  // Source: RFC 4180, but with lines that end in LF alone, like the output of other commands.
  csv: (columns) => ({
    head: () => csvLine(columns),
    row: csvLine,
    end: () => '',
  }),
  markdown: (columns) => ({
    head: () => `| ${columns.map((name) => markdownCell(name)).join(' | ')} |\n|${' --- |'.repeat(columns.length)}\n`,
    row: (row) => `| ${row.map(markdownCell).join(' | ')} |\n`,
    end: () => '',
  }),
};

/** Number of rows whose column widths are computed together; a longer result is printed as several blocks of one table. */
const BLOCK_ROWS = 1000;
/** Maximum number of characters in a block, including padding. */
const BLOCK_CHARACTERS = 4 * 1024 * 1024;
/** Maximum number of characters in a cell. The other formats write cells in full. */
const MOST_CELL = 1000;

function textWriter(columns: readonly string[]): RowWriter {
  const isNumber = columns.map(() => false);
  const widths = columns.map(() => 0);
  let block: string[][] = [];
  let isFirst = true;
  const flush = (): string => {
    const titles = columns.map((name, index) => ({
      title: tableText(name),
      ...(isNumber[index] ? { align: 'right' as const } : {}),
    }));
    const text = formatTable(titles, block).slice(isFirst ? 0 : 1);
    isFirst = false;
    block = [];
    isNumber.fill(false);
    widths.fill(0);
    return text.map((line) => `${line}\n`).join('');
  };
  return {
    head: () => '',
    row(row) {
      const cells = row.map((cell) => tableText(cellText(cell)));
      let width = 0;
      for (const [index, { length }] of cells.entries()) width += Math.max(widths[index] ?? 0, length);
      const text = block.length >= BLOCK_ROWS || (block.length > 0 && width * block.length > BLOCK_CHARACTERS) ? flush() : '';
      for (const [index, { length }] of cells.entries()) {
        widths[index] = Math.max(widths[index] ?? 0, length);
        isNumber[index] ||= typeof row[index] === 'number';
      }
      block.push(cells);
      return text;
    },
    end: () => (block.length > 0 || isFirst ? flush() : ''),
  };
}

/** Formats a cell for the table, shortened if it is long. */
function tableText(text: string): string {
  if (text.length <= MOST_CELL) return shorten(displayText(text), MOST_CELL);
  // A copy, because a substring would keep the whole string in memory.
  const beginning = Buffer.from(beginningOf(text, MOST_CELL)).toString();
  return shorten(`${displayText(beginning)}…`, MOST_CELL);
}

function cellText(cell: PlainValue): string {
  if (cell === null) return '';
  return typeof cell === 'object' ? jsonText(cell) : String(cell);
}

function csvLine(cells: Row): string {
  return `${cells.map(csvCell).join(',')}\n`;
}

/**
 * Matches where a spreadsheet would see the start of a formula, even in quotes. An apostrophe is inserted there. Some locales accept the
 * full-width characters, too. In locales with decimal commas, a semicolon separates cells.
 */
const FORMULA = /(^|;)(?=[=+\-@＝＋－＠])/g;

function csvCell(cell: PlainValue): string {
  const text = displayText(cellText(cell));
  const shown = typeof cell === 'string' ? text.replace(FORMULA, "$1'") : text;
  return /[",\r\n]/.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown;
}

function markdownCell(cell: PlainValue): string {
  if (cell === null) return '';
  return typeof cell === 'number' || typeof cell === 'boolean' ? String(cell) : codeSpan(cellText(cell));
}
