import { SESSION_HEADER } from '#contract';

// The session of a page served by the loopback host. Its secret is kept for this tab, so that it survives reloads; a duplicated tab has it too.
// It is not handed to other pages of this origin: one may be left from another program that had the same port. A cookie would be sent to
// every program on this address, whatever its port.

const KEY = 'layerscope-session';

/** The session's secret; null where this browser has none. Rejects where the host doesn't answer. */
export async function findSession(): Promise<string | null> {
  const token = takeToken();
  const secret = (token === null ? null : await exchange(token)) ?? (await known(kept()));
  if (secret === null) return null;
  keep(secret);
  return secret;
}

/** The token in the fragment of the printed address, which is then removed from the address bar and the history. */
function takeToken(): string | null {
  const token = /^#token=([0-9a-f]{64})$/.exec(window.location.hash)?.[1] ?? null;
  if (window.location.hash.startsWith('#token=')) window.history.replaceState(null, '', '/');
  return token;
}

async function exchange(token: string): Promise<string | null> {
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch('/session', { method: 'POST', headers, body: JSON.stringify({ token }), credentials: 'omit' });
  if (!reply.ok) return null;
  const { value } = (await reply.json()) as { value?: { secret?: unknown } };
  return typeof value?.secret === 'string' ? value.secret : null;
}

/** The secret if the host accepts it; one of an earlier run is worthless. */
async function known(secret: string | null): Promise<string | null> {
  if (secret === null) return null;
  return (await fetch('/session', { headers: { [SESSION_HEADER]: secret }, credentials: 'omit' })).ok ? secret : null;
}

/** The secret from before a reload. Browsers that store nothing for pages need the printed address again. */
function kept(): string | null {
  try {
    return window.sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function keep(secret: string): void {
  try {
    window.sessionStorage.setItem(KEY, secret);
  } catch {
    // Without storage the session ends with a reload.
  }
}
