import { SESSION_HEADER } from '#contract';

// The session of a page served by the loopback host. The secret is kept for this tab, so that the session survives reloads; a duplicated
// tab has the secret too. Other pages of this origin don't get the secret, because one of them may be left over from another program on the
// same port. A cookie would be sent to every program on this address, regardless of the port.

const KEY = 'layerscope-session';

/** Returns the session's secret; null if this browser has none. Rejects if the host doesn't respond. */
export async function findSession(): Promise<string | null> {
  const token = takeToken();
  const secret = (token === null ? null : await exchange(token)) ?? (await known(kept()));
  if (secret === null) return null;
  keep(secret);
  return secret;
}

/** Takes the token from the printed address's fragment and removes it from the address bar and the history. */
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

/** Returns the secret if the host accepts it; the host rejects secrets from earlier runs. */
async function known(secret: string | null): Promise<string | null> {
  if (secret === null) return null;
  return (await fetch('/session', { headers: { [SESSION_HEADER]: secret }, credentials: 'omit' })).ok ? secret : null;
}

/** Returns the secret from before a reload. Browsers that store nothing for pages need the printed address again. */
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
