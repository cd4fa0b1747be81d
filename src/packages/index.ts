/**
 * Packages in an image, according to the data that package managers and compilers leave there, with one reader for each kind. Pure: files
 * are read through `SeenFiles`, which shows them as seen at a layer.
 *
 * - **site**: a place that describes packages: a database, a document, a program, a jar. `site.ts` finds these places.
 * - **package**: name, version and whatever else the site states, with the files that it lists (`package.ts`, `path-list.ts`).
 * - **seen files**: the files that readers may read (`seen-files.ts`).
 *
 * Begin with `read-site.ts`, which chooses the reader. `dpkg/`, `rpm/`, `apk.ts` and `pacman.ts` read databases of systems, `languages/`
 * documents of languages' package managers, `binaries/` and `jars/` programs. Every count, length, offset and depth that a file states is
 * checked; damage leads to an error with a code, or to a result with what could be read.
 */
export { JarBudget } from './jars/jar-budget.ts';
export { normalizedName } from './languages/pypi.ts';
export { type FoundPackage, isGone, isSystemType, knowsFiles, NO_FILES, PACKAGE_TYPES } from './package.ts';
export { readSite } from './read-site.ts';
export type { Content, Inflaters, SeenFiles } from './seen-files.ts';
export { FIXED_SITES, holdsSites, mayBeSite, programSite, SITE_ENDS, type Site, siteOfFile } from './site.ts';
