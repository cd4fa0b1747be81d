// Loads node:http with `require`. An import would evaluate all its exports, and some of them load Node's whole fetch client: 70 ms for
// nothing.
import { createRequire } from 'node:module';

export const http = createRequire(import.meta.url)('node:http') as typeof import('node:http');
