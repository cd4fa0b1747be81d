import { PortableBench } from '../../support/portable-bench.ts';
import { driverSuite } from '../suite.ts';

driverSuite({ name: 'portable', open: async () => new PortableBench(), tellsAdditions: true, applies: true });
