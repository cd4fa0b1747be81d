import { catalog } from './catalog.ts';
import { chain } from './chain.ts';
import { breakdown, changes, treemap } from './changes.ts';
import { compare } from './compare.ts';
import { details } from './details.ts';
import { frame } from './frame.ts';
import { jobs, library } from './library.ts';
import { menus } from './menus.ts';
import { openName } from './open-name.ts';
import { origin } from './origin.ts';
import { packages } from './packages.ts';
import { registry } from './registry.ts';
import { settings } from './settings.ts';
import { shared } from './shared.ts';
import { store } from './store.ts';
import { findings, waste } from './waste.ts';

/** English. */
export const en = {
  ...shared,
  frame,
  library,
  jobs,
  openName,
  store,
  catalog,
  chain,
  changes,
  breakdown,
  packages,
  registry,
  treemap,
  compare,
  details,
  origin,
  waste,
  findings,
  menus,
  settings,
};
