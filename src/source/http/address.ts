// Restricts the addresses that a server may send this program to. A registry names other addresses, for tokens and in redirects, and must
// not use the program to reach what is accessible only from this machine or its network: local services, a cloud's metadata, link-local
// devices.
import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { embeddedIpv4 } from './embedded-ipv4.ts';

type Family = 'ipv4' | 'ipv6';

function list(...subnets: readonly (readonly [address: string, prefix: number, family: Family])[]): BlockList {
  const blocks = new BlockList();
  for (const [address, prefix, family] of subnets) blocks.addSubnet(address, prefix, family);
  return blocks;
}

const LOOPBACK = list(['127.0.0.0', 8, 'ipv4'], ['::1', 128, 'ipv6'], ['::ffff:127.0.0.0', 104, 'ipv6']);

/** Link-local addresses, metadata services of clouds, unspecified and multicast addresses. */
const FORBIDDEN = list(
  ['0.0.0.0', 8, 'ipv4'],
  ['::', 128, 'ipv6'],
  // AWS, Azure, Google, Oracle and most others reply at 169.254.169.254.
  ['169.254.0.0', 16, 'ipv4'],
  ['fe80::', 10, 'ipv6'],
  // Metadata services of AWS, Google, Scaleway, Alibaba and Oracle, and Azure's wire server, in this order.
  ['fd00:ec2::', 32, 'ipv6'],
  ['fd20:ce::254', 128, 'ipv6'],
  ['fd00:42::42', 128, 'ipv6'],
  ['100.100.100.200', 32, 'ipv4'],
  ['192.0.0.192', 32, 'ipv4'],
  ['168.63.129.16', 32, 'ipv4'],
  ['224.0.0.0', 4, 'ipv4'],
  ['ff00::', 8, 'ipv6'],
  ['255.255.255.255', 32, 'ipv4'],
);

/**
 * Who named a host. `any`: the user. `neighbour`: a server at a loopback address. `local`: a server at another address of this machine.
 * `foreign`: any other server. Each is more restricted than the one before.
 */
export type AddressRule = 'any' | 'neighbour' | 'local' | 'foreign';

const STRICTNESS: readonly AddressRule[] = ['any', 'neighbour', 'local', 'foreign'];

export function stricter(a: AddressRule, b: AddressRule): AddressRule {
  return STRICTNESS.indexOf(a) > STRICTNESS.indexOf(b) ? a : b;
}

export function isLoopback(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && LOOPBACK.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/**
 * Whether a rule allows connecting to an IP address and to the IPv4 addresses that it stands for. False for anything that isn't an IP
 * address.
 */
export function isAllowed(address: string, rule: AddressRule): boolean {
  return rule === 'any' || [address, ...embeddedIpv4(address)].every((each) => isAllowedItself(each, rule));
}

function isAllowedItself(address: string, rule: AddressRule): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  if (FORBIDDEN.check(address, family === 4 ? 'ipv4' : 'ipv6')) return false;
  if (isLoopback(address)) return rule === 'neighbour';
  return rule !== 'foreign' || !isOfInterface(address);
}

/** Whether one of this machine's network interfaces has the address. Looked up each time, because interfaces come and go. */
function isOfInterface(address: string): boolean {
  const own = new BlockList();
  for (const { address: each, family } of Object.values(networkInterfaces()).flatMap((list) => list ?? []))
    own.addAddress(each, family === 'IPv4' ? 'ipv4' : 'ipv6');
  return own.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}

/** Returns the rule for addresses named by the server at `peer`, which is null if that server's address isn't known. */
export function ruleOfPeer(peer: string | null): AddressRule {
  if (peer === null || isIP(peer) === 0) return 'foreign';
  if (isLoopback(peer)) return 'neighbour';
  return isOfInterface(peer) ? 'local' : 'foreign';
}

/** Returns the host of a URL without an IPv6 address's brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

/** Whether a rule allows a host name. Refuses names of this machine that don't need a lookup (RFC 6761), and those of metadata services. */
export function isAllowedName(host: string, rule: AddressRule): boolean {
  if (rule === 'any') return true;
  const name = host.toLowerCase().replace(/\.$/, '');
  if (isIP(name) !== 0) return isAllowed(name, rule);
  if (name === 'metadata' || name === 'metadata.google.internal' || name === 'instance-data') return false;
  return rule === 'neighbour' || !(name === 'localhost' || name.endsWith('.localhost'));
}
