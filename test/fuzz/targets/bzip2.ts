import { Bzip2Unpacker } from '#format/compression';
import { BZIP2_EMPTY, BZIP2_RUNS, BZIP2_SAMPLES } from '../../support/packed-samples.ts';
import { textTokens } from '../engine/mutate.ts';
import { session, type Target } from '../engine/target.ts';
import { checkUnpacker } from './unpackers.ts';

export const target: Target = {
  name: 'bzip2',
  seeds: () => [...Object.values(BZIP2_SAMPLES), BZIP2_EMPTY, BZIP2_RUNS],
  tokens: [...textTokens('BZh9', 'BZh1', '1AY&SY', '\x17rE8P\x90'), BZIP2_EMPTY],
  maxBytes: 4096,
  open: () => session((input) => checkUnpacker(() => new Bzip2Unpacker(), input)),
};
