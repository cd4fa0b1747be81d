import { WindowsBench } from '../../support/windows-bench.ts';
import { driverSuite } from '../suite.ts';

driverSuite({ name: 'windowsfilter', open: async () => new WindowsBench('windowsfilter'), tellsAdditions: false, applies: true });
// windowsdiff imports an ordinary tar of the layer's folder, but exports backup streams, so an export can't be imported again.
driverSuite({ name: 'windowsdiff', open: async () => new WindowsBench('windowsdiff'), tellsAdditions: false, applies: false });
