import { PortableBench } from '../../support/portable-bench.ts';
import { RemoteBench } from '../../support/remote-bench.ts';
import { driverSuite } from '../suite.ts';

// Only short chains, because the other drivers' suites test long ones.
driverSuite({
  name: 'portable, served remotely',
  open: () => RemoteBench.over(new PortableBench()),
  tellsAdditions: true,
  applies: true,
  deepest: 16,
});
