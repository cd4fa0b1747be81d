/** Page for a browser without a session: explains how to get one. */
export const SESSION_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Layerscope</title>
<link rel="stylesheet" href="/session.css">
<main>
<h1>Layerscope</h1>
<p>This link has already been used or is incomplete.</p>
<ul>
<li>Go back to the tab that opened it first. It stays signed in while the program runs, even after a reload. Duplicate it for another tab.</li>
<li>For another browser, stop the program and start it again to get a new address.</li>
</ul>
</main>
</html>
`;

export const SESSION_STYLE = `:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 36em; margin: 15vh auto; padding: 0 1.5em; }
h1 { font-size: 1.3em; }
`;

/** Served as /favicon.ico, which browsers request if a page doesn't name an icon. */
export const SESSION_ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="none" stroke="#8a6d3b" stroke-width="1.4">
<path d="M2 4.75l6-2.75 6 2.75-6 2.75zM2 8l6 2.75L14 8M2 11.25L8 14l6-2.75"/>
</svg>
`;
