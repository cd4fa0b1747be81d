// Conditions in SDDL: `(@User.Title == "PM" && (Member_of {SID(BA)} || Exists level))`, [MS-DTYP] 2.5.1.1. `&&` binds more tightly than
// `||`. Operands are names, quoted strings, numbers (decimal, 0x, 0 for octal), #hex bytes, SID(…) and lists in braces.
import { displayText, fromHex, LayerscopeError, toHex } from '#model';
import { AND, ATTRIBUTE_SCOPES, NOT, OR, PREFIXES, RELATIONS } from './condition-operators.ts';
import { type ConditionToken, encodeConditionTokens, parseConditionTokens, SIGN, TOKEN } from './condition-tokens.ts';
import type { Sid } from './descriptor.ts';

const MAX_DEPTH = 64;

// Formatting: tokens to text

// How tightly a piece of text binds; a higher number binds more tightly. TERM is a relation, ALL_OF is `&&` and ANY_OF is `||`.
const OPERAND = 3;
const TERM = 2;
const ALL_OF = 1;
const ANY_OF = 0;

interface Piece {
  readonly text: string;
  readonly binds: number;
}

function nameOf(table: readonly (readonly [string, number])[], code: number): string | undefined {
  return table.find(([, other]) => other === code)?.[0];
}

/** Formats an attribute's name; characters not allowed in a name are written as % and four hex digits. */
function attributeText(code: number, name: string): string {
  const escaped = name.replace(/[^A-Za-z0-9:./_\u0080-\uffff]/g, (ch) => `%${ch.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return (nameOf(ATTRIBUTE_SCOPES, code) ?? '') + escaped;
}

function numberText(value: bigint, sign: number, base: number): string {
  const digits = value < 0n ? -value : value;
  const shown = base === 1 ? `0${digits.toString(8)}` : base === 3 ? `0x${digits.toString(16)}` : digits.toString();
  return (sign === SIGN.plus ? '+' : sign === SIGN.minus || value < 0n ? '-' : '') + shown;
}

function operandText(token: ConditionToken, sidText: (sid: Sid) => string): string {
  switch (token.kind) {
    case 'number':
      return numberText(token.value, token.sign, token.base);
    case 'text':
      if (token.text.includes('"')) throw new LayerscopeError('UNSUPPORTED', 'a condition with a quote in a string');
      return `"${token.text}"`;
    case 'bytes':
      return `#${toHex(token.bytes)}`;
    case 'sid':
      return `SID(${sidText(token.sid)})`;
    case 'attribute':
      return attributeText(token.code, token.name);
    case 'list':
      return `{${token.items.map((item) => operandText(item, sidText)).join(', ')}}`;
    case 'operator':
      throw new LayerscopeError('DAMAGED', 'a condition with an operator among operands');
  }
}

/**
 * Formats the condition in an entry's data, with its parentheses. `sidOf` parses what `sidText` formats. Throws DAMAGED; UNSUPPORTED for
 * what SDDL can't express: some operators, operators as operands, strings with quotes, attributes whose name is empty or would be parsed
 * differently.
 */
export function conditionToText(data: Uint8Array, sidText: (sid: Sid) => string, sidOf: (text: string) => Sid): string {
  const tokens = parseConditionTokens(data);
  const text = textOf(tokens, sidText);
  let again: string | null;
  try {
    again = meaningOf(new ConditionParser(text, sidOf).parse());
  } catch (error) {
    if (!(error instanceof LayerscopeError)) throw error;
    again = null;
  }
  if (again !== meaningOf(tokens)) throw new LayerscopeError('UNSUPPORTED', "a condition that SDDL can't express");
  return text;
}

/** Returns a string that is equal for conditions with the same meaning, regardless of how numbers are written. */
function meaningOf(tokens: readonly ConditionToken[]): string {
  const meaning = (token: ConditionToken): unknown => {
    if (token.kind === 'number') return String(token.value);
    if (token.kind === 'list') return token.items.map(meaning);
    return token.kind === 'bytes' ? toHex(token.bytes) : token;
  };
  return JSON.stringify(tokens.map((token) => [token.kind, meaning(token)]));
}

function textOf(tokens: readonly ConditionToken[], sidText: (sid: Sid) => string): string {
  const stack: Piece[] = [];
  const pop = (): Piece => {
    const piece = stack.pop();
    if (piece === undefined) throw new LayerscopeError('DAMAGED', 'a condition with an operator without its operands');
    return piece;
  };
  const held = (piece: Piece, binds: number) => (piece.binds >= binds ? piece.text : `(${piece.text})`);
  for (const token of tokens) {
    if (token.kind !== 'operator') {
      stack.push({ text: operandText(token, sidText), binds: OPERAND });
      continue;
    }
    const { code } = token;
    const prefix = nameOf(PREFIXES, code);
    const relation = nameOf(RELATIONS, code);
    const right = pop();
    if (prefix !== undefined) stack.push({ text: `${prefix} ${held(right, OPERAND)}`, binds: TERM });
    else if (code === NOT) stack.push({ text: `!(${right.text})`, binds: TERM });
    else if (relation !== undefined) stack.push({ text: `${held(pop(), OPERAND)} ${relation} ${held(right, OPERAND)}`, binds: TERM });
    else if (code === AND) stack.push({ text: `${held(pop(), ALL_OF)} && ${held(right, TERM)}`, binds: ALL_OF });
    else if (code === OR) stack.push({ text: `${held(pop(), ANY_OF)} || ${held(right, ALL_OF)}`, binds: ANY_OF });
    else throw new LayerscopeError('UNSUPPORTED', `a condition with the operator 0x${code.toString(16)}`);
  }
  const whole = pop();
  if (stack.length > 0) throw new LayerscopeError('DAMAGED', 'a condition that consists of several expressions');
  return `(${whole.text})`;
}

// Parsing: text to tokens

/** Encodes a condition, with its parentheses, as an entry's data. Throws DAMAGED. */
export function conditionFromText(text: string, sidOf: (text: string) => Sid): Uint8Array<ArrayBuffer> {
  return encodeConditionTokens(new ConditionParser(text, sidOf).parse());
}

class ConditionParser {
  readonly #text: string;
  readonly #sidOf: (text: string) => Sid;
  readonly #tokens: ConditionToken[] = [];
  #at = 0;

  constructor(text: string, sidOf: (text: string) => Sid) {
    this.#text = text;
    this.#sidOf = sidOf;
  }

  parse(): ConditionToken[] {
    this.#anyOf(0);
    this.#skip();
    if (this.#at < this.#text.length) this.#refuse();
    return this.#tokens;
  }

  #refuse(): never {
    throw new LayerscopeError('DAMAGED', `SDDL: not a condition: ${displayText(this.#text.slice(this.#at, this.#at + 60)) || 'nothing'}`);
  }

  #skip(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  /** Consumes `what` if it comes next. */
  #take(what: string): boolean {
    this.#skip();
    if (!this.#text.startsWith(what, this.#at)) return false;
    this.#at += what.length;
    return true;
  }

  /** Consumes what the sticky pattern matches at the current position. */
  #match(pattern: RegExp): RegExpExecArray | null {
    this.#skip();
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at = pattern.lastIndex;
    return match;
  }

  #operator(code: number): void {
    this.#tokens.push({ kind: 'operator', code });
  }

  #anyOf(depth: number): void {
    this.#allOf(depth);
    while (this.#take('||')) {
      this.#allOf(depth);
      this.#operator(OR);
    }
  }

  #allOf(depth: number): void {
    this.#term(depth);
    while (this.#take('&&')) {
      this.#term(depth);
      this.#operator(AND);
    }
  }

  #term(depth: number): void {
    if (depth > MAX_DEPTH) this.#refuse();
    if (this.#take('!')) {
      this.#term(depth + 1);
      this.#operator(NOT);
      return;
    }
    if (this.#take('(')) {
      this.#anyOf(depth + 1);
      if (!this.#take(')')) this.#refuse();
      return;
    }
    const word = this.#match(/[A-Za-z_]+(?=[\s{])/y)?.[0];
    const prefix = PREFIXES.find(([name]) => name.toLowerCase() === word?.toLowerCase());
    if (prefix !== undefined) {
      this.#operand();
      this.#operator(prefix[1]);
      return;
    }
    this.#at -= word?.length ?? 0;
    this.#operand();
    const relation = this.#match(/==|!=|<=|>=|<|>|(?:Not_)?(?:Contains|Any_of)(?![A-Za-z0-9_])/iy)?.[0];
    if (relation === undefined) return;
    this.#operand();
    this.#operator(RELATIONS.find(([name]) => name.toLowerCase() === relation.toLowerCase())?.[1] ?? 0);
  }

  #operand(): void {
    this.#tokens.push(this.#takeOperand());
  }

  #takeOperand(): ConditionToken {
    if (this.#take('{')) {
      const items: ConditionToken[] = [];
      if (this.#take('}')) return { kind: 'list', items };
      do {
        const item = this.#takeOperand();
        if (item.kind === 'list') this.#refuse();
        items.push(item);
      } while (this.#take(','));
      if (!this.#take('}')) this.#refuse();
      return { kind: 'list', items };
    }
    const text = this.#match(/"([^"]*)"/y);
    if (text !== null) return { kind: 'text', text: text[1] as string };
    const bytes = this.#match(/#([0-9a-f]*)/iy);
    if (bytes !== null) return { kind: 'bytes', bytes: fromHex(bytes[1] as string) ?? this.#refuse() };
    const sid = this.#match(/SID\(([^)]*)\)/iy);
    if (sid !== null) return { kind: 'sid', sid: this.#sidOf((sid[1] as string).trim()) };
    const number = this.#match(/([+-]?)(0x[0-9a-f]+|\d+)(?![A-Za-z0-9_:./])/iy);
    if (number !== null) return this.#numberOf(number[1] as string, (number[2] as string).toLowerCase());
    const name = this.#match(/(@User\.|@Resource\.|@Device\.)?((?:[A-Za-z0-9:./_\u0080-\uffff]|%[0-9a-f]{4})+)/iy);
    if (name === null) this.#refuse();
    const scope = ATTRIBUTE_SCOPES.find(([start]) => start.toLowerCase() === name[1]?.toLowerCase());
    const plain = (name[2] as string).replace(/%([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return { kind: 'attribute', code: scope?.[1] ?? TOKEN.localAttribute, name: plain };
  }

  #numberOf(signText: string, digits: string): ConditionToken {
    const base = digits.startsWith('0x') ? 3 : /^0[0-7]+$/.test(digits) ? 1 : 2;
    const size = BigInt(base === 1 ? `0o${digits.slice(1)}` : digits);
    const value = signText === '-' ? -size : size;
    if (BigInt.asIntN(64, value) !== value) this.#refuse();
    const sign = signText === '+' ? SIGN.plus : signText === '-' ? SIGN.minus : SIGN.none;
    return { kind: 'number', code: 4, value, sign, base };
  }
}
