import bash from 'highlight.js/lib/languages/bash';
import c from 'highlight.js/lib/languages/c';
import cpp from 'highlight.js/lib/languages/cpp';
import css from 'highlight.js/lib/languages/css';
import diff from 'highlight.js/lib/languages/diff';
import dockerfile from 'highlight.js/lib/languages/dockerfile';
import dos from 'highlight.js/lib/languages/dos';
import go from 'highlight.js/lib/languages/go';
import ini from 'highlight.js/lib/languages/ini';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import lua from 'highlight.js/lib/languages/lua';
import makefile from 'highlight.js/lib/languages/makefile';
import markdown from 'highlight.js/lib/languages/markdown';
import nginx from 'highlight.js/lib/languages/nginx';
import perl from 'highlight.js/lib/languages/perl';
import php from 'highlight.js/lib/languages/php';
import powershell from 'highlight.js/lib/languages/powershell';
import python from 'highlight.js/lib/languages/python';
import ruby from 'highlight.js/lib/languages/ruby';
import rust from 'highlight.js/lib/languages/rust';
import sql from 'highlight.js/lib/languages/sql';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';
import { createLowlight } from 'lowlight';

const FIRST = { bash, c, cpp, css, diff, dockerfile, dos, go, ini, java, javascript, json, lua };
const lowlight = createLowlight({
  ...FIRST,
  makefile,
  markdown,
  nginx,
  perl,
  php,
  powershell,
  python,
  ruby,
  rust,
  sql,
  typescript,
  xml,
  yaml,
});

/** A part of a line, drawn as plain text if `kind` is null. */
export interface Token {
  readonly text: string;
  readonly kind: TokenKind | null;
}

type TokenKind = 'keyword' | 'string' | 'numeral' | 'comment' | 'name' | 'meta';

/** Highlight.js' classes, mapped to the few kinds that have a colour. */
const KINDS: Readonly<Record<string, TokenKind>> = {
  keyword: 'keyword',
  built_in: 'keyword',
  literal: 'keyword',
  operator: 'keyword',
  'selector-tag': 'keyword',
  bullet: 'keyword',
  string: 'string',
  regexp: 'string',
  char: 'string',
  link: 'string',
  code: 'string',
  addition: 'string',
  number: 'numeral',
  symbol: 'numeral',
  comment: 'comment',
  quote: 'comment',
  doctag: 'comment',
  deletion: 'comment',
  title: 'name',
  name: 'name',
  attr: 'name',
  attribute: 'name',
  section: 'name',
  type: 'name',
  property: 'name',
  'selector-class': 'name',
  'selector-id': 'name',
  meta: 'meta',
  variable: 'meta',
  'template-variable': 'meta',
  params: 'meta',
};

interface Node {
  readonly type: string;
  readonly value?: string;
  readonly properties?: { readonly className?: unknown };
  readonly children?: readonly Node[];
}

/** Returns the tokens of each line. */
export function highlightLines(lines: readonly string[], language: string): readonly (readonly Token[])[] {
  const tree = lowlight.highlight(language, lines.join('\n')) as Node;
  const done: Token[][] = [[]];
  const add = (text: string, kind: TokenKind | null): void => {
    for (const [at, part] of text.split('\n').entries()) {
      if (at > 0) done.push([]);
      if (part !== '') done.at(-1)?.push({ text: part, kind });
    }
  };
  const visit = (node: Node, kind: TokenKind | null): void => {
    if (node.type === 'text') add(node.value ?? '', kind);
    const own = kindOf(node) ?? kind;
    for (const child of node.children ?? []) visit(child, own);
  };
  visit(tree, null);
  return done;
}

function kindOf({ properties }: Node): TokenKind | null {
  const { className } = properties ?? {};
  if (!Array.isArray(className)) return null;
  for (const each of className) {
    const known = typeof each === 'string' ? KINDS[each.replace(/^hljs-/, '')] : undefined;
    if (known !== undefined) return known;
  }
  return null;
}
