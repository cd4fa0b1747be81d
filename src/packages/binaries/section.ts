/** A part of a program's file that is loaded at an address. */
export interface Section {
  readonly name: string;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  /** Whether the program may write to this part. */
  readonly isWritable: boolean;
}

/** A program's sections, and its segments: the parts that are loaded, with or without sections that describe them. */
export interface Executable {
  readonly sections: readonly Section[];
  readonly segments: readonly Section[];
}

/** Maximum number of sections or segments to read. */
export const MAX_SECTIONS = 4096;
