import { LayerscopeError } from '#model';
/** Placeholder while the room is being built. */
export function sddlToSecurityDescriptor(sddl: string): Uint8Array {
  throw new LayerscopeError('UNSUPPORTED', `SDDL: ${sddl.length} characters`);
}
