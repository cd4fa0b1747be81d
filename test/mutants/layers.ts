// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pieces of source text
import type { Mutant } from './mutant.ts';

const STRICT = ['test/driver/native/strict.test.ts'];
const DRIVER = 'src/driver/windows/windows-driver.ts';
const STATES = 'src/driver/windows/layer-states.ts';
const REMOVAL = 'src/driver/windows/layer-removal.ts';
const WRITER = 'src/driver/windows/layer-writer.ts';
const BASE_WRITER = 'src/driver/windows/base-layer-writer.ts';
const VM = 'src/driver/windows/utility-vm.ts';
const READER = 'src/driver/windows/layer-reader.ts';

/** Faults in the Windows driver, above its native calls, that a review found the tests would miss, or might miss. */
export const LAYERS: readonly Mutant[] = [
  {
    id: 'M02',
    what: 'a failed mount leaves the layer prepared',
    file: STATES,
    search: 'undo.push(() => layers.unprepareLayer(this.#info, path));\n      throwIfCancelled(options.signal);\n      const mounted',
    replace: 'throwIfCancelled(options.signal);\n      const mounted',
    suite: 'gcc',
    tests: STRICT,
  },
  {
    id: 'M03',
    what: 'the flavours are swapped',
    file: DRIVER,
    search: "name === 'windowsfilter' ? 1 : 0",
    replace: "name === 'windowsfilter' ? 0 : 1",
    suite: 'gcc',
    tests: STRICT,
  },
  {
    id: 'M06',
    what: 'an import enables no privileges',
    file: DRIVER,
    search: "this.#native.enablePrivileges(['SeBackupPrivilege', 'SeRestorePrivilege', 'SeSecurityPrivilege']);",
    replace: '',
    suite: 'gcc',
    tests: STRICT,
    short: true,
  },
  {
    id: 'M09',
    what: 'a read-write layer is exported without being prepared',
    file: STATES,
    search: 'if (isReadWrite) {\n          // Prepare',
    replace: 'if (false) {\n          // Prepare',
    suite: 'gcc',
    tests: STRICT,
  },
  {
    id: 'M10',
    what: 'a layer is destroyed without being renamed first',
    file: REMOVAL,
    search: '    try {\n      await this.#native.files.rename(folder, removing);\n    } catch (error) {',
    replace: '    try {\n      return await twice(() => this.destroy(folder));\n    } catch (error) {',
    suite: 'gcc',
    tests: STRICT,
  },
  {
    id: 'M17',
    what: 'an unmount leaves the layer active',
    file: STATES,
    search: '      await twice(() => this.#native.layers.deactivateLayer(this.#info, path));',
    replace: '',
    suite: 'gcc',
    tests: STRICT,
  },
  {
    id: 'M21',
    what: 'the scratch disk is never grown',
    file: DRIVER,
    search: 'if (how.readWrite) await this.#expand(folder, how.sizeBytes);',
    replace: '',
    suite: 'gcc',
    tests: STRICT,
  },
  {
    id: 'M25',
    what: "CreateLayer gets the parent's path, not its name",
    file: DRIVER,
    search: 'await this.#home.platformName(below)',
    replace: 'await this.#home.platformPath(below)',
    suite: 'gcc',
    tests: STRICT,
  },
  {
    id: 'M26',
    what: 'a mounted layer stays unprepared after its export',
    file: STATES,
    search: 'undo.push(() => layers.prepareLayer(this.#info, path, parents));',
    replace: '',
    suite: 'gcc',
    tests: STRICT,
  },
  {
    id: 'M27',
    what: 'disposing of the driver leaves its mounts',
    file: DRIVER,
    search: 'await this.#states.unmount(await this.#home.platformPath(parseWindowsLayerId(layer.id)));',
    replace: '',
    suite: 'gcc',
    tests: STRICT,
  },
  {
    id: 'M08',
    what: "folders' times are set before tombstones and links",
    file: WRITER,
    search: `    for (const path of this.#tombstones) await this.#added.removeOthers(this.#layer, path);
    for (const { name, root, target } of this.#links) {
      await this.#layer.removeAll(name.path);
      await this.#layer.link(name.path, root, target);
    }
    await this.#times.apply(this.#layer);
`,
    replace: `    await this.#times.apply(this.#layer);
    for (const path of this.#tombstones) await this.#added.removeOthers(this.#layer, path);
    for (const { name, root, target } of this.#links) {
      await this.#layer.removeAll(name.path);
      await this.#layer.link(name.path, root, target);
    }
`,
    suite: 'gcc',
    tests: STRICT,
    short: true,
  },
  {
    id: 'M18',
    what: 'ProcessUtilityImage is never called for a layer with parents',
    file: WRITER,
    search: "    if (this.#hasUtilityVm) await this.#native.layers.processUtilityImage(this.#native.paths.join(long, 'UtilityVM'));\n",
    replace: '',
    suite: 'gcc',
    tests: STRICT,
  },
  {
    id: 'M19',
    what: 'a folder that is a link stays in the transport folder while files are written',
    file: WRITER,
    search: 'if (last !== undefined && (await this.#transport.facts(last)) !== null) await this.#transport.remove(last);',
    replace: '',
    suite: 'unit',
    tests: ['test/driver/windows/transport.test.ts'],
  },
  {
    id: 'M22',
    what: "a hard link's target is searched for from the base up",
    file: WRITER,
    search: 'for (const parent of this.#place.parents) {',
    replace: 'for (const parent of [...this.#place.parents].reverse()) {',
    suite: 'unit',
    tests: ['test/driver/windows/transport.test.ts'],
    short: true,
  },
  {
    id: 'M24',
    what: 'hives are written with their security stream',
    file: WRITER,
    search: 'file.backupSink({ security: false })',
    replace: 'file.backupSink({ security: true })',
    suite: 'gcc',
    tests: STRICT,
  },
  {
    id: 'M11a',
    what: 'files are restored without the right to their SACL',
    file: WRITER,
    search: ' | ACCESS.systemSecurity) >>> 0;',
    replace: ') >>> 0;',
    suite: 'gcc',
    tests: STRICT,
  },
  {
    id: 'M11b',
    what: 'boot files are read without the right to their SACL',
    file: VM,
    search: 'const READ = (ACCESS.read | ACCESS.systemSecurity) >>> 0;',
    replace: 'const READ = ACCESS.read;',
    suite: 'gcc',
    tests: STRICT,
  },
  {
    id: 'M11c',
    what: 'boot files are copied without the right to their SACL',
    file: VM,
    search: ' | ACCESS.writeOwner | ACCESS.systemSecurity) >>> 0;',
    replace: ' | ACCESS.writeOwner) >>> 0;',
    suite: 'gcc',
    tests: STRICT,
  },
  {
    id: 'M12',
    what: "boot files are links to the parent's",
    file: VM,
    search: ' && keptCopyOf(path) === null) {',
    replace: ') {',
    suite: 'gcc',
    tests: STRICT,
  },
  {
    id: 'M14',
    what: 'the code is not extracted from an HRESULT',
    file: 'src/driver/windows/native-error.ts',
    search: 'return (whole & 0x1fff_0000) === 0x0007_0000 ? whole & 0xffff : whole;',
    replace: 'return whole;',
    suite: 'gcc',
    tests: ['test/driver/native/calls.test.ts'],
    short: true,
  },
  {
    id: 'M23',
    what: 'ProcessBaseImage is left out',
    file: BASE_WRITER,
    search: '    await this.#native.layers.processBaseImage(layer);\n',
    replace: '',
    suite: 'gcc',
    tests: STRICT,
  },
  {
    id: 'M28',
    what: 'a base layer is exported without security',
    file: READER,
    search: 'backup: () => file.backup({ security: true }),',
    replace: 'backup: () => file.backup({ security: false }),',
    suite: 'gcc',
    tests: STRICT,
    short: true,
  },
];
