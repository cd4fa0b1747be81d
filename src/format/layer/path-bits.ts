// Bits that describe members' names and what each path holds.

/** Bits of `PathTree.shape`: how a name differs from the normal form. */
export const SHAPE = {
  dotSlash: 1, // begins with `./`
  absolute: 2, // begins with `/`
  trailingSlash: 4,
  odd: 8, // an empty, `.` or `..` component elsewhere, or several at the beginning
  dotDot: 16, // climbs out of the root, so it has no node
  tooDeep: 32, // has more components than any system allows, so it has no node
  loop: 64, // goes through a loop of symbolic links, so it has no node
} as const;

/** Bits of `PathTree.marks`: features of a name that need a closer look. */
export const MARK = {
  high: 1, // bytes over 0x7f
  backslash: 2,
  dots: 4, // a component that begins with `..` and has more characters
  drive: 8, // a first component like `C:`
  link: 16, // goes through a symbolic link of its own layer
  climbs: 32, // goes through a symbolic link that climbs out of the root
} as const;

/** Bits of `PathTree.holds`: what a node is after the members read so far. */
export const HOLDS = {
  folder: 1, // from an entry, or implied by content below it
  link: 2, // a symbolic link
  other: 4, // any other kind of entry
  whiteout: 8,
  opaque: 16,
} as const;

/** Results of `PathTree.walk`. */
export const WALK = { found: 0, noNode: 1, byLinks: 2 } as const;
