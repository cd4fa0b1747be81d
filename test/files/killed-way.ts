// `killed-way.ts WAY TARGET STEP`: writes a file in one way, but kills itself before file call number STEP.
import { beforeFileCalls, CHANGES } from '../support/file-calls.ts';
import { WAYS } from './place-ways.ts';

const [, , name, target = '', step] = process.argv;
let at = 0;
using _calls = await beforeFileCalls(CHANGES, () => {
  if (at++ === Number(step)) process.kill(process.pid, 'SIGKILL');
});
await WAYS.find((way) => way.name === name)?.run(target);
