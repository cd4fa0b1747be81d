// Folders of libraries, tests, examples and documents. What looks like a secret there rarely is one, so it is reported only as a note.

const LIBRARIES = ['usr/share/', 'usr/lib/', 'usr/lib32/', 'usr/lib64/', 'usr/libexec/'];
const LIBRARY_FOLDERS = /(?:^|\/)(?:site-packages|dist-packages|go\/pkg\/mod)\//;
const TEST_FOLDERS = /(?:^|\/)(?:test|example)[^/]*\//i;

const LIBRARY_FILE = /\.(?:so(?:\.\d+)*|dylib|dll)$/i;

/** Whether hits at a path are only notes. `path`: relative, with `/`. */
export function isQuietPlace(path: string): boolean {
  return (
    LIBRARIES.some((folder) => path.startsWith(folder)) ||
    LIBRARY_FOLDERS.test(path) ||
    TEST_FOLDERS.test(path) ||
    path.slice(-3).toLowerCase() === '.md'
  );
}

/** Whether a private key at a path is only a note: TLS libraries, wherever they were copied to, contain keys for their own tests. */
export function isLibrary(path: string): boolean {
  return LIBRARY_FILE.test(path);
}
