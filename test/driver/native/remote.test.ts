import { RemoteBench } from '../../support/remote-bench.ts';
import { WindowsBench } from '../../support/windows-bench.ts';
import { driverSuite } from '../suite.ts';

driverSuite({
  name: 'windowsfilter, served remotely',
  open: () => RemoteBench.over(new WindowsBench('windowsfilter')),
  tellsAdditions: false,
  applies: true,
  deepest: 16,
});
