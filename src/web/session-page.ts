/** What a browser without a session gets in place of the window: it exchanges the address's token, or says what to do. */
export const SESSION_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Layerscope</title>
<link rel="stylesheet" href="/session.css">
<main>
<h1>Layerscope</h1>
<p id="state" role="status">Opening…</p>
<div id="refused" hidden>
<p>The address that the program printed opens one browser, once. It was used already, or is not whole.</p>
<ul>
<li>Go back to the browser that opened it first: it stays signed in while the program runs, and may reload.</li>
<li>For another browser, end the program and start it again: it prints a new address.</li>
</ul>
</div>
<noscript><p>Layerscope needs JavaScript.</p></noscript>
</main>
<script src="/session.js"></script>
</html>
`;

/** Takes the token out of the fragment, which no server and no history page sees, and goes on to the window. */
export const SESSION_SCRIPT = `'use strict';
(async () => {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  const reply = token === null
    ? await fetch('/session')
    : await fetch('/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token }) });
  if (reply.ok) {
    location.replace('/');
    return;
  }
  const already = token !== null && (await fetch('/session')).ok;
  if (already) {
    location.replace('/');
    return;
  }
  document.getElementById('state').hidden = true;
  document.getElementById('refused').hidden = false;
})().catch(() => {
  document.getElementById('state').textContent = 'The program does not answer. Start it again, and open the address that it prints.';
});
`;

export const SESSION_STYLE = `:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 36em; margin: 15vh auto; padding: 0 1.5em; }
h1 { font-size: 1.3em; }
`;
