// Asks the system for its proxies: settings of Windows, macOS and Linux desktops, and PAC files. Requests themselves go through node:https
// (src/source/http), not through Electron's `net`: that follows redirects, connects to whatever a name means at that moment, and shares
// the page's network, which is cut off in this program.
import { type Session, session } from 'electron';

let own: Session | null = null;

/** Returns the system's proxies for an address, as results of a PAC file. Contacts nothing but a PAC file's server. */
export async function systemProxy(address: string): Promise<string> {
  // The page's session has a proxy of its own, which leads nowhere.
  own ??= ownSession();
  return own.resolveProxy(address);
}

/** Makes a session without a page, that answers this question and sends nothing. */
function ownSession(): Session {
  const made = session.fromPartition('system-proxy', { cache: false });
  made.webRequest.onBeforeRequest((_details, callback) => callback({ cancel: true }));
  return made;
}
