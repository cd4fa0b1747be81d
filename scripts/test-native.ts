// `npm run test:native`: tests the Windows drivers through koffi on a stand-in for vmcompute.dll, compiled with gcc. Reports what couldn't
// run and why; with LAYERSCOPE_REQUIRE_NATIVE=1 that is a failure.
import { hasCompiler } from '../test/native/build.ts';
import { runTestFiles } from './node-test.ts';

const lacking =
  process.platform !== 'linux' ? 'the stand-in is compiled on Linux only' : hasCompiler('linux') ? null : 'no gcc (Debian: gcc, libc6-dev)';
if (lacking !== null) {
  console.log(`not run: the Windows drivers on the stand-in: ${lacking}`);
  process.exitCode = process.env.LAYERSCOPE_REQUIRE_NATIVE === '1' ? 1 : 0;
} else {
  process.exitCode = runTestFiles(['test/driver/native/*.test.ts']);
}
