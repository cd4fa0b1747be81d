// The questions that ship with the program: one SQL file each, in `questions/`. Their first lines say what they answer and which parameters
// they take:
//
//   -- Images that have a package installed.
//   -- :name         its name
//   -- :version = %  its version                  a parameter with a default
//
// They run on DuckDB and on Spark. Both accept the same SQL here, except for parameters: Spark's `:name` is DuckDB's `$name`. Where a
// column to sort by may be null, NULLS LAST is written out, because Spark would otherwise put nulls first.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { displayText, LayerscopeError } from '#model';

interface QuestionParameter {
  readonly name: string;
  readonly what: string;
  /** Null if the parameter is required. */
  readonly default: string | null;
}

export interface Question {
  readonly name: string;
  /** One or two sentences. */
  readonly summary: string;
  readonly parameters: readonly QuestionParameter[];
  /** The file's text, with parameters in Spark's notation. */
  readonly sql: string;
}

/** Reads the questions in a folder, sorted by name. Throws system errors. */
export function readQuestions(folder: string): Question[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  return files.sort().map((file) => parseQuestion(file.slice(0, -'.sql'.length), readFileSync(path.join(folder, file), 'utf8')));
}

/** Parses a question's file. */
export function parseQuestion(name: string, sql: string): Question {
  const summary: string[] = [];
  const parameters: QuestionParameter[] = [];
  for (const line of sql.split('\n')) {
    const comment = /^-- ?(.*)$/.exec(line)?.[1]?.trim();
    if (comment === undefined) break;
    const [, parameter, value = null, what = ''] = /^:(\w+)(?: = (\S+))?\s+(.*)$/.exec(comment) ?? [];
    if (parameter !== undefined) parameters.push({ name: parameter, what, default: value });
    else summary.push(comment);
  }
  return { name, summary: summary.join(' '), parameters, sql };
}

/** Strings, quoted names and comments, which are skipped; casts; and parameters. */
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|::|:([A-Za-z_]\w*)/g;

/** Returns a question's SQL for DuckDB. */
export function duckSql(sql: string): string {
  return sql.replace(TOKEN, (token, name: string | undefined) => (name === undefined ? token : `$${name}`));
}

/** Returns a value for each parameter of a question. Throws USAGE for a missing or unknown one. */
export function questionValues({ name, parameters }: Question, given: ReadonlyMap<string, string>): Record<string, string> {
  const values: Record<string, string> = {};
  for (const parameter of parameters) {
    const value = given.get(parameter.name) ?? parameter.default;
    if (value === null) throw new LayerscopeError('USAGE', `${name} needs --param ${parameter.name}=…: ${parameter.what}`);
    values[parameter.name] = value;
  }
  for (const each of given.keys()) {
    if (parameters.some((parameter) => parameter.name === each)) continue;
    const known = parameters.length === 0 ? 'it has none' : parameters.map((parameter) => parameter.name).join(', ');
    throw new LayerscopeError('USAGE', `${name} has no parameter ${displayText(each)}: ${known}`);
  }
  return values;
}
