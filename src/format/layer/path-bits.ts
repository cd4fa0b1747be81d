// What is known of a name, and of what a path holds, as bits.

/** Bits of `PathTree.shape`: how a name differs from normal form. */
export const SHAPE = {
  dotSlash: 1, // begins with `./`
  absolute: 2, // begins with `/`
  trailingSlash: 4,
  odd: 8, // an empty, `.` or `..` component elsewhere, or several in front
  dotDot: 16, // it climbs over the root: the name has no node
  tooDeep: 32, // more components than any system takes: the name has no node
  loop: 64, // it goes through symbolic links that lead in a circle: the name has no node
} as const;

/** Bits of `PathTree.marks`: what a name has that may need a closer look. */
export const MARK = {
  high: 1, // bytes from 0x80
  backslash: 2,
  dots: 4, // a component that begins with `..` and goes on
  drive: 8, // a first component with a colon in second place
  link: 16, // the way goes through a symbolic link of the layer itself
  climbs: 32, // and that link, or one behind it, climbs over the root
} as const;

/** What the layer's own folder holds at a node by now: bits of `PathTree.holds`. */
export const HOLDS = {
  folder: 1, // an entry's, or one that content below it implies
  link: 2, // a symbolic link
  other: 4, // anything else that an entry brings
  whiteout: 8,
  opaque: 16,
} as const;

/** What `PathTree.walk` found of a name. */
export const WALK = { found: 0, noNode: 1, byLinks: 2 } as const;
