import { parseSync } from 'vite';

/** A string in a source file that users would see. */
export interface FoundText {
  /** Line number, starting at 1. */
  readonly line: number;
  readonly text: string;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [field: string]: unknown;
}

/** Fields of objects whose values are shown or read out. */
const FIELDS = ['label', 'detail', 'text', 'placeholder', 'empty', 'header', 'word', 'message', 'phase', 'hint'];
const SHOWN_FIELDS = new Set(FIELDS);
/** Attributes and component properties whose values are shown or read out. */
const SHOWN_ATTRIBUTES = new Set([
  ...[...FIELDS, 'title', 'alt', 'textValue', 'yes'],
  ...['aria-label', 'aria-description', 'aria-roledescription', 'aria-valuetext'],
]);

/** Attributes and fields whose values are identifiers. */
const NAMES = new Set(['className', 'style', 'id', 'key', 'selected', 'placement']);

const HAS_WORD = /\p{L}{2}/u;
/** Matches two words, or one capitalized word, but no identifier, key, class or address. */
const IS_PROSE = /\p{L}{2,}[,:;]? \p{L}{2,}|^ ?\p{Lu}\p{Ll}+(…|[:.] ?)?$/u;
/** Text that looks like prose but is never shown: selectors, markup, MIME types. */
const IS_CODE = /[[\]{}=<>#]|\(.*:.*\)|^(image|video|audio)\//;
/** Sizes such as `10 kB`, which are the same in every language. */
const IS_SIZE = /^[<>≥≤]? ?[\d.,]+ ?[kMGT]?B$/;

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

function childrenOf(node: Node): Node[] {
  return Object.values(node).flatMap((value) => (Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : []));
}

/** Returns the strings that an expression may evaluate to, through conditions, defaults, templates and lists. */
function textsOf(node: Node): { node: Node; text: string }[] {
  const inside = (...fields: string[]) => fields.flatMap((field) => (isNode(node[field]) ? textsOf(node[field]) : []));
  switch (node.type) {
    case 'Literal':
      return typeof node.value === 'string' ? [{ node, text: node.value }] : [];
    case 'TemplateLiteral':
      return childrenOf(node).flatMap((child) =>
        child.type === 'TemplateElement' ? [{ node: child, text: String((child.value as { raw: string }).raw) }] : textsOf(child),
      );
    case 'ConditionalExpression':
      return inside('consequent', 'alternate');
    case 'LogicalExpression':
    case 'BinaryExpression':
      return ['+', '??', '||', '&&'].includes(String(node.operator)) ? inside('left', 'right') : [];
    case 'JSXExpressionContainer':
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'ParenthesizedExpression':
      return inside('expression');
    case 'ArrayExpression':
      return childrenOf(node).flatMap(textsOf);
    default:
      return [];
  }
}

/** Whether the string is a word separated by a space from a template's placeholder: `${count} layers`. */
function isAround({ node, text }: { node: Node; text: string }): boolean {
  return node.type === 'TemplateElement' && /^ \p{Ll}{3,}|\p{Ll}{3,}:? $/u.test(text);
}

/** Whether a node contains no text for users, whatever its content. */
function isNameless(node: Node, parent: Node): boolean {
  if (node.type === 'JSXAttribute') return NAMES.has(nameOf(node.name));
  if (node.type === 'Property') return NAMES.has(nameOf(node.key));
  // Ignored: messages of internal errors, which are never shown verbatim; types, which don't contain text; and strings in comparisons,
  // which are shown elsewhere, if at all.
  const isType = node.type.startsWith('TS') && !['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression'].includes(node.type);
  const isValue = node.type === 'Literal' && (parent.type === 'SwitchCase' || /^[!=]==$/.test(String(parent.operator)));
  return isType || isValue || node.type === 'ThrowStatement' || node.type === 'ImportDeclaration';
}

/**
 * Finds strings in JSX, in attributes and fields that are shown, and prose in any other string. Single letters such as `A` or `x` are
 * ignored.
 */
export function findTexts(file: string, source: string): FoundText[] {
  const { program, errors } = parseSync(file, source);
  if (errors[0] !== undefined) throw new Error(`${file}: ${errors[0].message}`);
  const found = new Map<number, string>();
  const add = ({ node, text }: { node: Node; text: string }) => {
    if (HAS_WORD.test(text) && !IS_SIZE.test(text.trim())) found.set(node.start, text.trim());
  };
  const visit = (node: Node): void => {
    if (node.type === 'JSXText') add({ node, text: String(node.value) });
    else if (node.type === 'JSXElement' || node.type === 'JSXFragment')
      for (const child of node.children as Node[]) textsOf(child).forEach(add);
    else if (node.type === 'JSXAttribute' && SHOWN_ATTRIBUTES.has(nameOf(node.name)) && isNode(node.value))
      textsOf(node.value).forEach(add);
    else if (node.type === 'Property' && SHOWN_FIELDS.has(nameOf(node.key)) && isNode(node.value)) textsOf(node.value).forEach(add);
    else if (node.type === 'Literal' || node.type === 'TemplateLiteral')
      for (const each of textsOf(node)) if ((IS_PROSE.test(each.text) || isAround(each)) && !IS_CODE.test(each.text)) add(each);
    for (const child of childrenOf(node)) if (!isNameless(child, node)) visit(child);
  };
  visit(program as unknown as Node);
  return [...found].sort(([a], [b]) => a - b).map(([start, text]) => ({ line: source.slice(0, start).split('\n').length, text }));
}

function nameOf(node: unknown): string {
  return isNode(node) ? String(node.name ?? node.value ?? '') : '';
}
