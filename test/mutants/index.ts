// The faults that `npm run test:mutants` puts into the sources. Each must be noticed by its tests. A fault without a visible
// effect isn't a mutant.
import { FFI } from './ffi.ts';
import { FORMATS } from './formats.ts';
import { LAYERS } from './layers.ts';
import { MORE_FFI } from './more-ffi.ts';
import { MORE_LAYERS } from './more-layers.ts';
import { MORE_PLACES } from './more-places.ts';
import type { Mutant } from './mutant.ts';
import { PORTABLE } from './portable.ts';
import { SECRETS } from './secrets.ts';

export const MUTANTS: readonly Mutant[] = [
  ...LAYERS,
  ...FFI,
  ...MORE_LAYERS,
  ...MORE_FFI,
  ...FORMATS,
  ...PORTABLE,
  ...MORE_PLACES,
  ...SECRETS,
];
