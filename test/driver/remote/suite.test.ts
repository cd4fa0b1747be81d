import { PortableBench } from '../../support/portable-bench.ts';
import { RemoteBench } from '../../support/remote-bench.ts';
import { driverSuite } from '../suite.ts';

// The other drivers' suites test long chains.
driverSuite({
  name: 'portable, served remotely',
  open: () => RemoteBench.over(new PortableBench()),
  tellsAdditions: true,
  applies: true,
  deepest: 16,
});
