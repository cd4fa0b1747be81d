import { WindowsBench } from '../../support/windows-bench.ts';
import { driverSuite } from '../suite.ts';

driverSuite({ name: 'windowsfilter', open: async () => new WindowsBench('windowsfilter'), tellsAdditions: false, applies: true });
// A differencing disk's layers come as plain folders and go as tars of backup streams: what goes out is not what comes in.
driverSuite({ name: 'windowsdiff', open: async () => new WindowsBench('windowsdiff'), tellsAdditions: false, applies: false });
