// Which platforms an image may be of where one is asked for, the best first, as containerd chooses: an image without a variant is of its
// processor's usual one, and a processor runs what older ones of its kind run. What another kind of processor could run as well (386 on
// amd64, 32 bits on arm64) isn't offered for it: who asks for a platform wants to see that one.
// Source: containerd/platforms, database.go (normalizeArch) and compare.go (platformVector).

/** `os`, `os/arch` or `os/arch/variant`; a part that isn't there is empty. */
interface Wanted {
  readonly os: string;
  readonly architecture: string;
  readonly variant: string;
}

// Maps, as an image may call its platform `constructor`.
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

/** The usual variant has no name, but of arm, where it is v7. */
function normalVariant(architecture: string, variant: string): string {
  const numbered = /^\d/.test(variant) ? `v${variant}` : variant;
  if (architecture === 'arm64') return numbered === 'v8' || numbered === 'v8.0' ? '' : numbered;
  if (architecture === 'amd64') return numbered === 'v1' ? '' : numbered;
  return architecture === 'arm' && numbered === '' ? 'v7' : numbered;
}

/** Variants that do, the best first. */
function variantsFor({ architecture, variant }: Wanted): readonly string[] {
  const number = Number(/^v(\d{1,2})$/.exec(variant)?.[1] ?? Number.NaN);
  const lowest = LOWEST_VARIANTS.get(architecture);
  if (lowest === undefined || Number.isNaN(number)) return architecture === 'arm64' && variant !== '' ? [variant, ''] : [variant];
  const numbers = Array.from({ length: Math.max(1, number - lowest + 1) }, (_, step) => number - step);
  return numbers.map((each) => normalVariant(architecture, `v${each}`));
}

/** How well an image's platform does for the one that is asked for: 0 the best; null: it doesn't. Both as `linux/arm/v7`. */
export function platformRank(image: string, wanted: string): number | null {
  const asked = normal(wanted);
  const stated = normal(image);
  if (stated.os !== asked.os) return null;
  if (asked.architecture === '') return 0;
  if (stated.architecture !== asked.architecture) return null;
  const rank = variantsFor(asked).indexOf(stated.variant);
  return rank < 0 ? null : rank;
}
