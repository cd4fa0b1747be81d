// Checks for values received over the connection: each returns the value with its type, or throws. Unknown keys are refused.
import { LayerscopeError } from '#model';

/** A check of a value. Throws BAD_REQUEST with a message that says what is wrong at `where` but doesn't quote the value. */
export type Check<T> = (value: unknown, where: string) => T;
export type Checked<C> = C extends Check<infer T> ? T : never;

function wrong(where: string, what: string): LayerscopeError {
  return new LayerscopeError('BAD_REQUEST', `${where} ${what}`);
}

/** A string of at most `maxLength` UTF-16 units. */
export function text(maxLength: number): Check<string> {
  return (value, where) => {
    if (typeof value !== 'string') throw wrong(where, 'is not a string');
    if (value.length > maxLength) throw wrong(where, `has more than ${maxLength} characters`);
    return value;
  };
}

export const flag: Check<boolean> = (value, where) => {
  if (typeof value !== 'boolean') throw wrong(where, 'is not a boolean');
  return value;
};

/** A flag that is either true or absent. */
export const isTrue: Check<true> = (value, where) => {
  if (value !== true) throw wrong(where, 'is not true');
  return value;
};

/** A non-negative integer. */
export const count: Check<number> = (value, where) => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw wrong(where, 'is not a count');
  return value;
};

export const nothing: Check<null> = (value, where) => {
  if (value !== null) throw wrong(where, 'is not null');
  return value;
};

export const anything: Check<unknown> = (value) => value;

export function oneOf<const T extends string>(values: readonly T[]): Check<T> {
  return (value, where) => {
    const known = values.find((each) => each === value);
    if (known === undefined) throw wrong(where, 'is not an allowed value');
    return known;
  };
}

export function orNull<T>(check: Check<T>): Check<T | null> {
  return (value, where) => (value === null ? null : check(value, where));
}

export function listOf<T>(check: Check<T>): Check<readonly T[]> {
  return (value, where) => {
    if (!Array.isArray(value)) throw wrong(where, 'is not a list');
    return value.map((each: unknown) => check(each, where));
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type Checks = Readonly<Record<string, Check<unknown>>>;
type Shape<C extends Checks> = { readonly [K in keyof C]: Checked<C[K]> };
type Parts<C extends Checks> = { readonly [K in keyof C]?: Checked<C[K]> };

/** An object with exactly these keys. */
export function shape<const C extends Checks>(checks: C): Check<Shape<C>> {
  return shapeWith(checks, {});
}

/** An object with these keys and, optionally, those of `optional`. */
export function shapeWith<const C extends Checks, const O extends Checks>(checks: C, optional: O): Check<Shape<C> & Parts<O>> {
  return (value, where) => {
    if (!isRecord(value)) throw wrong(where, 'is not an object');
    for (const key of Object.keys(value)) {
      if (!Object.hasOwn(checks, key) && !Object.hasOwn(optional, key)) throw wrong(where, 'has an unknown key');
    }
    const parsed: Record<string, unknown> = {};
    for (const [key, check] of Object.entries(checks)) {
      if (!Object.hasOwn(value, key)) throw wrong(`${where}.${key}`, 'is missing');
      parsed[key] = check(value[key], `${where}.${key}`);
    }
    for (const [key, check] of Object.entries(optional)) if (Object.hasOwn(value, key)) parsed[key] = check(value[key], `${where}.${key}`);
    return parsed as Shape<C> & Parts<O>;
  };
}
