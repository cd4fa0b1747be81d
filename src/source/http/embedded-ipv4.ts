import { isIP } from 'node:net';

/**
 * Returns the IPv4 addresses that an IPv6 address stands for or leads to: mapped and compatible ones (RFC 4291), those behind NAT64 (RFC
 * 6052, 8215), 6to4 (RFC 3056), Teredo (RFC 4380: its server and its client) and ISATAP (RFC 5214). Empty for other addresses.
 */
export function embeddedIpv4(address: string): readonly string[] {
  if (isIP(address) !== 6) return [];
  const groups = groupsOf(address);
  const at = (index: number): number => groups[index] as number;
  const ipv4 = (index: number, mask = 0): string =>
    [at(index), at(index + 1)].flatMap((group) => [(group ^ mask) >> 8, (group ^ mask) & 0xff]).join('.');
  const isZero = (from: number, to: number): boolean => groups.slice(from, to).every((group) => group === 0);
  const found: string[] = [];
  if (isZero(0, 5) && (at(5) === 0xffff || (at(5) === 0 && at(6) !== 0))) found.push(ipv4(6));
  if (isZero(0, 4) && at(4) === 0xffff && at(5) === 0) found.push(ipv4(6));
  if (at(0) === 0x64 && at(1) === 0xff9b && (isZero(2, 6) || at(2) === 1)) found.push(ipv4(6));
  if (at(0) === 0x2002) found.push(ipv4(1));
  if (at(0) === 0x2001 && at(1) === 0) found.push(ipv4(2), ipv4(6, 0xffff));
  if ((at(4) & 0xfdff) === 0 && at(5) === 0x5efe) found.push(ipv4(6));
  return found;
}

/** Returns the eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  // URL writes the last 32 bits as groups, even if they are given as an IPv4 address.
  const { hostname } = new URL(`http://[${address.replace(/%.*$/s, '')}]/`);
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const parse = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const first = parse(head);
  if (tail === undefined) return first;
  const last = parse(tail);
  return [...first, ...new Array<number>(8 - first.length - last.length).fill(0), ...last];
}
