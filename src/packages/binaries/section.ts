/** A stretch of a program's file that is loaded at an address. */
export interface Section {
  readonly name: string;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  /** Whether it is data that the program may write to. */
  readonly isWritable: boolean;
}

/** A program's sections, and its segments: what is loaded, whether or not sections describe it. */
export interface Executable {
  readonly sections: readonly Section[];
  readonly segments: readonly Section[];
}

/** Maximum number of sections or segments to read. */
export const MAX_SECTIONS = 4096;
