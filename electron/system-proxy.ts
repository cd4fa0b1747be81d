// Asks the system for its proxies: settings of Windows, macOS and Linux desktops, and PAC files. The requests themselves use node:https
// (src/source/http) rather than Electron's `net`. That one follows redirects, connects to whatever a name resolves to at that moment, and
// shares the page's network, which is disabled in this program.
import { type Session, session } from 'electron';

let own: Session | null = null;

/** Returns the system's proxies for an address, in the format of a PAC file's result. This may contact only the server of a PAC file. */
export async function systemProxy(address: string): Promise<string> {
  // The page's own session can't be used, because its proxy leads nowhere.
  own ??= ownSession();
  return own.resolveProxy(address);
}

/** Creates a session without a page, which only resolves proxies and never sends anything. */
function ownSession(): Session {
  const made = session.fromPartition('system-proxy', { cache: false });
  made.webRequest.onBeforeRequest((_details, callback) => callback({ cancel: true }));
  return made;
}
