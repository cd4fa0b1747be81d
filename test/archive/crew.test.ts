import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Crew } from '../../src/archive/indexing/crew.ts';

/** Gives numbered jobs to a crew, records which thread began each, and ends them on demand. */
function jobs(crew: Crew) {
  const begun: string[] = [];
  const ends = new Map<number, (error?: Error) => void>();
  const work = (number: number, who: string) => () =>
    new Promise<string>((resolve, reject) => {
      begun.push(`${who} ${number}`);
      ends.set(number, (error) => (error === undefined ? resolve(who) : reject(error)));
    });
  return {
    begun,
    add: (number: number) => crew.run(work(number, 'here'), work(number, 'there')),
    end: (number: number, error?: Error) => ends.get(number)?.(error),
  };
}

test('a crew fills its workers, then gives this thread one job, and starts the rest in order as threads become free', async () => {
  const { begun, add, end } = jobs(new Crew(3));
  const works = [0, 1, 2, 3, 4, 5].map(add);
  assert.deepEqual(begun, ['there 0', 'there 1', 'here 2']);
  end(2);
  assert.equal(await works[2], 'here');
  assert.deepEqual(begun.slice(3), ['here 3']);
  end(0);
  assert.equal(await works[0], 'there');
  assert.deepEqual(begun.slice(4), ['there 4']);
  end(1, new Error('no'));
  await assert.rejects(works[1] as Promise<string>, /no/);
  assert.deepEqual(begun.slice(5), ['there 5']);
});

test('a crew of one thread does all work on it, one job after another', async () => {
  const { begun, add, end } = jobs(new Crew(1));
  const works = [0, 1].map(add);
  assert.deepEqual(begun, ['here 0']);
  end(0, new Error('no'));
  await assert.rejects(works[0] as Promise<string>, /no/);
  assert.deepEqual(begun, ['here 0', 'here 1']);
});
