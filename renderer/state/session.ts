import { SESSION_HEADER } from '#contract';

// The session of a page that the loopback host served. Its secret is this origin's alone, port and all, where a cookie would go to every
// program on the address: it is kept for the tab, through reloads, and given to other tabs of the same origin that ask for it.

const KEY = 'layerscope-session';
const CHANNEL = 'layerscope-session';

/** Another tab has answered by then, if there is one. */
const ANSWER_MS = 1_000;

/** The session's secret; null where this browser has none. Rejects where the host doesn't answer. */
export async function findSession(): Promise<string | null> {
  const token = takeToken();
  const secret = (token === null ? null : await exchange(token)) ?? (await known(kept())) ?? (await known(await askOtherTabs()));
  if (secret === null) return null;
  keep(secret);
  answerOtherTabs(secret);
  return secret;
}

/** What the printed address carries in its fragment; the address bar and the history keep nothing of it. */
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

/** The secret, where the host knows it: one of an earlier run opens nothing. */
async function known(secret: string | null): Promise<string | null> {
  if (secret === null) return null;
  return (await fetch('/session', { headers: { [SESSION_HEADER]: secret }, credentials: 'omit' })).ok ? secret : null;
}

/** A browser that keeps nothing for pages asks for the printed address after each reload. */
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
    // Kept in memory alone.
  }
}

function askOtherTabs(): Promise<string | null> {
  return new Promise((resolve) => {
    const channel = new BroadcastChannel(CHANNEL);
    const end = (secret: string | null): void => {
      clearTimeout(late);
      channel.close();
      resolve(secret);
    };
    const late = setTimeout(() => end(null), ANSWER_MS);
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      const { secret } = (data ?? {}) as { secret?: unknown };
      if (typeof secret === 'string') end(secret);
    };
    channel.postMessage('who has a session?');
  });
}

function answerOtherTabs(secret: string): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data === 'who has a session?') channel.postMessage({ secret });
  };
}
