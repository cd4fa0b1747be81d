// Creates a folder on disk with everything that tar formats store differently, for other programs to pack and our reader to read.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';

export interface OddFolderOptions {
  /** Whether some names are too long for a V7 or ustar header. */
  readonly longNames: boolean;
  /** Whether there is a file with holes, which formats without sparse files store as zeros. */
  readonly sparse: boolean;
}

const SECONDS = 1_600_000_000.125;

/** Creates the folder. Every path has a time with a fraction of a second that is exact in binary. */
export function writeOddFolder(folder: string, { longNames, sparse }: OddFolderOptions): void {
  const made: Buffer[] = [];
  const at = (name: string): Buffer => {
    const file = Buffer.concat([Buffer.from(folder + path.sep), Buffer.from(name, 'latin1')]);
    made.push(file);
    return file;
  };
  const utf8 = (name: string): string => Buffer.from(name).toString('latin1');
  mkdirSync(folder);
  for (const name of ['plain', 'empty', 'plain/sub', utf8('größe'), 'caf\xe9']) mkdirSync(at(name));
  const files: [name: string, content: string][] = [
    ['plain/file', 'content\n'],
    ['plain/sub/one-block', 'x'.repeat(512)],
    ['plain/sub/more', 'y'.repeat(513)],
    ['nothing', ''],
    ['new\nline', 'a name with a new line'],
    ['back\\slash and space', 'b'],
    ['"quotes\' *?[glob]', 'c'],
    ['-dash', 'd'],
    ['\x01\x1b[31m', 'control'],
    ['latin-\xe4\xf6', 'not UTF-8'],
    ['caf\xe9/inside', 'below a name that is not UTF-8'],
    [utf8('größe/日本語 – ñ.txt'), 'UTF-8'],
    ['.wh.not-in-a-view', 'a whiteout of nothing'],
    ['n'.repeat(97), 'behind ./ the longest name of a V7 header'],
  ];
  for (const [name, content] of files) writeFileSync(at(name), content);
  chmodSync(at('plain/file'), 0o640);
  chmodSync(at('plain/sub'), 0o1777);
  linkSync(at('plain/file'), at('plain/again'));
  linkSync(at('plain/file'), at('zz-third'));
  symlinkSync('file', at('plain/link'));
  symlinkSync(`../${'t'.repeat(80)}`, at('plain/dangling'));
  execFileSync('mkfifo', [path.join(folder, 'pipe')]);
  made.push(Buffer.from(path.join(folder, 'pipe')));
  if (longNames) {
    const hundred = 'h'.repeat(100);
    const deep = `${'d'.repeat(120)}/${'e'.repeat(120)}/${utf8('ü').repeat(40)}`;
    writeFileSync(at(hundred), '100 bytes');
    mkdirSync(at('d'.repeat(120)));
    mkdirSync(at(`${'d'.repeat(120)}/${'e'.repeat(120)}`));
    writeFileSync(at(deep), 'beyond every header');
    linkSync(at(deep), at('z-link-to-a-long-name'));
    symlinkSync('u'.repeat(300), at('plain/long-target'));
    symlinkSync('latin-\xe4', at('plain/odd-target'));
    symlinkSync(Buffer.from('latin-\xe4\xf6', 'latin1'), at('plain/raw-target'));
  }
  if (sparse) {
    const file = openSync(at('holes'), 'w');
    for (const [offset, text] of [
      [0, 'begin'],
      [1 << 20, 'middle'],
      [5_000_000, 'last'],
    ] as const)
      writeSync(file, text, offset);
    closeSync(file);
    const hollow = openSync(at('all-hole'), 'w');
    ftruncateSync(hollow, 3_000_000);
    closeSync(hollow);
    const many = openSync(at('many-holes'), 'w');
    for (let piece = 0; piece < 60; piece++) writeSync(many, `piece ${piece}`, piece * 65_536);
    closeSync(many);
  }
  for (const file of made.reverse()) lutimesSync(file, SECONDS, SECONDS);
  utimesSync(folder, SECONDS, SECONDS);
}
