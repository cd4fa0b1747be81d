import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildStack, NodeViews, PathFollower } from '#changes';
import { dir, file, layer, type MemberFixture, symlink } from '../support/layer-fixture.ts';
import { latin1 } from '../support/tar-builder.ts';

function open(...layers: readonly (readonly MemberFixture[])[]): { views: NodeViews; follower: PathFollower } {
  const views = new NodeViews(buildStack(layers.map((members) => layer(members))));
  return { views, follower: new PathFollower(views) };
}

const noRest = () => Promise.resolve();

function listOf(...paths: readonly string[]): Uint8Array {
  return latin1(paths.map((path) => `${path}\0`).join(''));
}

/** Returns the nodes' paths; `-` for a path that no layer has. */
function shown(views: NodeViews, nodes: Int32Array): string[] {
  return Array.from(nodes, (node) => (node < 0 ? '-' : String.fromCharCode(...views.path(node))));
}

describe('PathFollower', () => {
  test('finds the nodes of paths through parents that are links, and doesn’t resolve the last name', async () => {
    const { views, follower } = open([
      symlink('bin', 'usr/bin'),
      symlink('lib', '/usr/lib/'),
      dir('usr'),
      file('usr/bin/a'),
      file('usr/lib/b'),
      symlink('usr/lib/sub', '../share/./x'),
      file('usr/share/x/c'),
      symlink('usr/bin/sh', 'a'),
    ]);
    views.next();
    follower.update();
    const list = listOf(
      '/bin/a',
      'bin/a',
      '/bin',
      '/lib/b',
      '/lib/sub/c',
      '/usr//bin/./a',
      '/usr/share/',
      '/bin/sh',
      '/usr/lib/../bin/a',
      '/no/x',
      '/usr/nothing',
      '',
      '/',
    );
    assert.deepEqual(shown(views, await follower.nodesOf(list, noRest)), [
      'usr/bin/a',
      'usr/bin/a',
      'bin',
      'usr/lib/b',
      'usr/share/x/c',
      'usr/bin/a',
      'usr/share',
      'usr/bin/sh',
      'usr/bin/a',
      '-',
      '-',
      '-',
      '-',
    ]);
  });

  test('finds nothing in a cycle or a long chain of links, and stays inside the image', async () => {
    const chain = Array.from({ length: 60 }, (_, index) => symlink(`l${index}`, `l${index + 1}`));
    const { views, follower } = open([
      symlink('a', 'b'),
      symlink('b', 'a'),
      symlink('up', '../../d'),
      dir('d'),
      file('d/f'),
      ...chain,
      dir('l60'),
      file('l60/f'),
    ]);
    views.next();
    follower.update();
    assert.deepEqual(shown(views, await follower.nodesOf(listOf('/a/x', '/up/f', '/l30/f', '/l0/f'), noRest)), ['-', 'd/f', 'l60/f', '-']);
  });

  test('follows a list of paths again only when a parent becomes a different link', async () => {
    const { views, follower } = open(
      [dir('bin'), file('bin/a'), dir('usr/bin'), file('usr/bin/a'), symlink('other', 'x')],
      [symlink('other', 'y'), file('usr/bin/new')],
      [{ whiteout: 'bin/a' }, symlink('bin', 'usr/bin')],
      [symlink('bin', 'opt'), file('opt/a')],
    );
    const list = listOf('/bin/a');
    const seen: unknown[] = [];
    let before: Int32Array | null = null;
    for (let at = 0; at < 4; at++) {
      views.next();
      const changed = follower.update();
      const nodes = await follower.nodesOf(list, noRest);
      seen.push([changed, nodes === before, ...shown(views, nodes)]);
      before = nodes;
    }
    assert.deepEqual(seen, [
      [false, false, 'bin/a'],
      [false, true, 'bin/a'],
      [true, false, 'usr/bin/a'],
      [true, false, 'opt/a'],
    ]);
  });

  test('agrees with following each path on its own, for random trees and lists', async () => {
    let state = 1;
    const random = (below: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 8) % below;
    };
    const name = (): string => 'abc'[random(3)] as string;
    for (let round = 0; round < 200; round++) {
      const members: MemberFixture[] = [];
      for (let at = 0; at < 12; at++) {
        const path = Array.from({ length: 1 + random(3) }, name).join('/');
        if (
          members.some(
            (each) => 'path' in each && (each.path === path || `${each.path}/`.startsWith(`${path}/`) || path.startsWith(`${each.path}/`)),
          )
        )
          continue;
        members.push(random(3) === 0 ? symlink(path, random(2) === 0 ? `/${name()}` : `../${name()}`) : file(path));
      }
      const { views, follower } = open(members);
      views.next();
      follower.update();
      const paths = Array.from({ length: 20 }, () => `/${Array.from({ length: 1 + random(4) }, name).join('/')}`);
      const together = shown(views, await follower.nodesOf(listOf(...paths), noRest));
      const alone: string[] = [];
      for (const path of paths) alone.push(...shown(views, await new PathFollower(views).nodesOf(listOf(path), noRest)));
      assert.deepEqual(together, alone);
    }
  });

  test('reads the target of a link once, however many links lead through it', { timeout: 60_000 }, async () => {
    const count = 60_000;
    const links = Array.from({ length: count }, (_, index) => symlink(`l${index}`, 'far'));
    const { views, follower } = open([dir('d'), file('d/f'), symlink('far', `${'./'.repeat(9_000)}d`), ...links]);
    views.next();
    follower.update();
    const nodes = await follower.nodesOf(listOf(...links.map((_, index) => `/l${index}/f`)), noRest);
    assert.deepEqual([nodes.length, [...new Set(shown(views, nodes))]], [count, ['d/f']]);
  });

  test('lets other work run while it follows a long list', async () => {
    const { views, follower } = open([file('f')]);
    views.next();
    let rests = 0;
    await follower.nodesOf(listOf(...Array.from({ length: 5_000 }, () => '/f')), async () => {
      rests++;
    });
    assert.equal(rests, 5);
  });
});
