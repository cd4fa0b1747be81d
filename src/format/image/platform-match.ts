// Ranks an image's platform against a requested one, as containerd does: an image without a variant is assumed to have its architecture's
// usual one, and a processor runs images for older variants. Unlike containerd's ranking, this one doesn't match an image for another
// architecture that the processor could also run (386 on amd64, 32-bit arm on arm64): users who name a platform want to see that platform.
// Source: containerd/platforms, database.go (normalizeArch) and compare.go (platformVector).

/** The parts of `os`, `os/arch` or `os/arch/variant`; missing parts are empty. */
interface Wanted {
  readonly os: string;
  readonly architecture: string;
  readonly variant: string;
}

// These are maps, because in a plain object an architecture named `constructor` would find an inherited property.
const OS_NAMES: ReadonlyMap<string, string> = new Map([['macos', 'darwin']]);
const ARCHITECTURE_NAMES: ReadonlyMap<string, readonly [architecture: string, variant?: string]> = new Map([
  ['i386', ['386']],
  ['x86_64', ['amd64']],
  ['x86-64', ['amd64']],
  ['aarch64', ['arm64']],
  ['armhf', ['arm', 'v7']],
  ['armel', ['arm', 'v6']],
]);
const LOWEST_VARIANTS: ReadonlyMap<string, number> = new Map([
  ['arm', 5],
  ['amd64', 1],
]);

function normal(platform: string): Wanted {
  const [os = '', architecture = '', variant = ''] = platform.toLowerCase().split('/');
  const [name, implied = ''] = ARCHITECTURE_NAMES.get(architecture) ?? [architecture];
  return { os: OS_NAMES.get(os) ?? os, architecture: name, variant: normalVariant(name, variant === '' ? implied : variant) };
}

/** Removes the usual variant, except for arm, which gets v7 if it has none. */
function normalVariant(architecture: string, variant: string): string {
  const numbered = /^\d/.test(variant) ? `v${variant}` : variant;
  if (architecture === 'arm64') return numbered === 'v8' || numbered === 'v8.0' ? '' : numbered;
  if (architecture === 'amd64') return numbered === 'v1' ? '' : numbered;
  return architecture === 'arm' && numbered === '' ? 'v7' : numbered;
}

/** Returns the variants that match, best first. */
function variantsFor({ architecture, variant }: Wanted): readonly string[] {
  const number = Number(/^v(\d{1,2})$/.exec(variant)?.[1] ?? Number.NaN);
  const lowest = LOWEST_VARIANTS.get(architecture);
  if (lowest === undefined || Number.isNaN(number)) return architecture === 'arm64' && variant !== '' ? [variant, ''] : [variant];
  const numbers = Array.from({ length: Math.max(1, number - lowest + 1) }, (_, step) => number - step);
  return numbers.map((each) => normalVariant(architecture, `v${each}`));
}

/** Ranks an image's platform against the wanted one: 0 is the best match, null is no match. Both are like `linux/arm/v7`. */
export function platformRank(image: string, wanted: string): number | null {
  const requested = normal(wanted);
  const stated = normal(image);
  if (stated.os !== requested.os) return null;
  if (requested.architecture === '') return 0;
  if (stated.architecture !== requested.architecture) return null;
  const rank = variantsFor(requested).indexOf(stated.variant);
  return rank < 0 ? null : rank;
}
