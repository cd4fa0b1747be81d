// A table's columns in Parquet's terms.
import type { Column } from '#catalog/layout';
import type { ThriftStruct } from './thrift.ts';

export const PHYSICAL = { flag: 0, int: 1, long: 2, time: 2, text: 6, bytes: 6 } as const;
type FlatType = keyof typeof PHYSICAL;

/** Constants from parquet.thrift. */
const REPETITION = { required: 0, optional: 1, repeated: 2 } as const;
const CONVERTED = { text: 0, map: 1, list: 3, time: 10 } as const;
const LOGICAL = { text: 1, map: 2, list: 3, time: 8 } as const;
const MICROS = 2;

interface Element {
  readonly name: string;
  readonly repetition: keyof typeof REPETITION | null;
  readonly type: FlatType | null;
  readonly meaning?: keyof typeof CONVERTED;
  readonly children?: number;
}

/** A column that has values. */
export interface Leaf {
  readonly path: readonly string[];
  readonly type: FlatType;
}

const text = (name: string, repetition: Element['repetition']): Element => ({ name, repetition, type: 'text', meaning: 'text' });

function elementsOf({ name, type }: Column): Element[] {
  const group = (meaning: 'list' | 'map'): Element => ({ name, repetition: 'optional', type: null, meaning, children: 1 });
  switch (type) {
    case 'text':
      return [text(name, 'optional')];
    case 'texts':
      return [group('list'), { name: 'list', repetition: 'repeated', type: null, children: 1 }, text('element', 'optional')];
    case 'textMap': {
      const pair: Element = { name: 'key_value', repetition: 'repeated', type: null, children: 2 };
      return [group('map'), pair, text('key', 'required'), text('value', 'optional')];
    }
    case 'time':
      return [{ name, repetition: 'optional', type, meaning: 'time' }];
    default:
      return [{ name, repetition: 'optional', type }];
  }
}

/** Returns the columns that have values, in the order of their chunks. */
export function leavesOf({ name, type }: Column): Leaf[] {
  if (type === 'texts') return [{ path: [name, 'list', 'element'], type: 'text' }];
  if (type === 'textMap') return ['key', 'value'].map((part) => ({ path: [name, 'key_value', part], type: 'text' }));
  return [{ path: [name], type }];
}

/** Writes a table's schema elements as field `id`. */
export function writeSchema(struct: ThriftStruct, id: number, columns: readonly Column[]): void {
  const root: Element = { name: 'root', repetition: null, type: null, children: columns.length };
  struct.structs(id, [root, ...columns.flatMap(elementsOf)], (fields, { name, repetition, type, meaning, children }) => {
    if (type !== null) fields.i32(1, PHYSICAL[type]);
    if (repetition !== null) fields.i32(3, REPETITION[repetition]);
    fields.text(4, name);
    if (children !== undefined) fields.i32(5, children);
    if (meaning === undefined) return;
    fields.i32(6, CONVERTED[meaning]);
    fields.struct(10, (logical) =>
      logical.struct(LOGICAL[meaning], (time) => {
        if (meaning !== 'time') return;
        time.flag(1, true);
        time.struct(2, (unit) => unit.struct(MICROS, () => undefined));
      }),
    );
  });
}
