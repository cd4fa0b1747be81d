import path from 'node:path';
import { test } from 'node:test';
import { missingProgram, runTool } from '../support/tools.ts';

const skip = process.platform === 'win32' ? 'not run: it is for Linux' : (missingProgram('python3') ?? false);

test('the Spark job plans, parses and writes as it should', { skip }, () => {
  // With -B, Python doesn't write bytecode into the checkout.
  runTool('python3', ['-B', path.join(import.meta.dirname, 'catalog_job_test.py')]);
});
