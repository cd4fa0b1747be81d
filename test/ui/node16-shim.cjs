// Test-only: what of newer Node and ECMAScript the bundles count on and Node 16 lacks; for the main process and its workers.
'use strict';

Symbol.dispose ??= Symbol('Symbol.dispose');
Symbol.asyncDispose ??= Symbol('Symbol.asyncDispose');
