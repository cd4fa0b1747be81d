import { CatalogFolder, CatalogReader, duckSql, loadDuckDb, type PlainValue, type Question, questionValues, readQuestions } from '#catalog';
import { cacheFolder, dataFolder } from '#engine';
import { codeSpan } from '#format/markdown';
import { displayText, jsonText } from '#model';
import type { Arguments } from './arguments.ts';
import { usageError } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { questionsFolder } from './installation.ts';
import { formatTable } from './text-table.ts';

type Row = readonly PlainValue[];
type Format = (columns: readonly string[]) => RowWriter;

/** Writes a result. Rows come in parts. */
interface RowWriter {
  head(): string;
  rows(rows: readonly Row[]): string;
  /** What comes after the last row. */
  end(): string;
}

/** Runs `catalog query`: SQL, a named question, or the list of these. */
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
  using reader = await CatalogReader.open(loadDuckDb(dataFolder()), folder, args.flag('no-cache') ? null : cacheFolder());
  const { out, signal } = context;
  let writer: RowWriter | null = null;
  const parts = reader.query(question === null ? (sql ?? '') : duckSql(question.sql), values, {
    signal,
    onLeftOut: (file, reason) => context.warn(`${displayText(file)} is left out: ${reason}`),
  });
  for await (const { columns, rows } of parts) {
    if (writer === null) {
      writer = format(columns);
      out.write(writer.head());
    }
    out.write(writer.rows(rows));
    if (out.full) await out.drain();
  }
  out.write(writer?.end() ?? '');
  return EXIT.done;
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

/** Throws USAGE if several are asked for. */
function formatOf(args: Arguments): Format {
  const asked = (['json', 'csv', 'markdown'] as const).filter((each) => args.flag(each));
  const [first, second] = asked;
  if (second !== undefined) throw usageError(`--${first} or --${second}, not both`);
  return first === undefined ? textWriter : FORMATS[first];
}

const FORMATS: Readonly<Record<'json' | 'csv' | 'markdown', Format>> = {
  json: (columns) => ({
    head: () => '',
    rows: (rows) =>
      rows.map((row) => `${jsonText(Object.fromEntries(columns.map((name, index) => [name, row[index] ?? null])))}\n`).join(''),
    end: () => '',
  }),
  // Source: RFC 4180, with line feeds alone, as other commands end lines.
  csv: (columns) => ({
    head: () => csvLine(columns),
    rows: (rows) => rows.map(csvLine).join(''),
    end: () => '',
  }),
  markdown: (columns) => ({
    head: () => `| ${columns.map((name) => markdownCell(name)).join(' | ')} |\n|${' --- |'.repeat(columns.length)}\n`,
    rows: (rows) => rows.map((row) => `| ${row.map(markdownCell).join(' | ')} |\n`).join(''),
    end: () => '',
  }),
};

/** Rows whose widths are taken together; a longer result is several blocks of one table. */
const BLOCK_ROWS = 1000;

function textWriter(columns: readonly string[]): RowWriter {
  let block: Row[] = [];
  let isFirst = true;
  const flush = (): string => {
    const isNumber = columns.map((_, index) => block.some((row) => typeof row[index] === 'number'));
    const titles = columns.map((name, index) => ({
      title: displayText(name),
      ...(isNumber[index] ? { align: 'right' as const } : {}),
    }));
    const lines = formatTable(
      titles,
      block.map((row) => row.map((cell) => displayText(cellText(cell)))),
    );
    const text = lines.slice(isFirst ? 0 : 1).map((line) => `${line}\n`);
    isFirst = false;
    block = [];
    return text.join('');
  };
  return {
    head: () => '',
    rows(rows) {
      let text = '';
      for (const row of rows) {
        block.push(row);
        if (block.length >= BLOCK_ROWS) text += flush();
      }
      return text;
    },
    end: () => (block.length > 0 || isFirst ? flush() : ''),
  };
}

function cellText(cell: PlainValue): string {
  if (cell === null) return '';
  return typeof cell === 'object' ? jsonText(cell) : String(cell);
}

function csvLine(cells: Row): string {
  return `${cells.map(csvCell).join(',')}\n`;
}

/** A spreadsheet takes a text that begins like this for a formula, even in quotes; an apostrophe makes it a text. */
const FORMULA = /^[=+\-@]/;

function csvCell(cell: PlainValue): string {
  const text = displayText(cellText(cell));
  const shown = typeof cell === 'string' && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown;
}

function markdownCell(cell: PlainValue): string {
  if (cell === null) return '';
  return typeof cell === 'number' || typeof cell === 'boolean' ? String(cell) : codeSpan(cellText(cell));
}
