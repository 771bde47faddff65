import { escapeHtml, htmlPage } from '../api/index.ts';

/** Where people choose their provider, or read how else to get in. */
export function signInPage(choices: readonly { issuer: string; title: string }[], returnTo: string): string {
  const links = choices.map(({ issuer, title }) => {
    const query = new URLSearchParams({ issuer, return_to: returnTo }).toString();
    return `<p><a href="/login?${escapeHtml(query)}">Sign in with ${escapeHtml(title)}</a></p>`;
  });
  const none = `<p>No identity provider signs people in here; programs and the command line use tokens:</p>
<pre>npx mlops login --token-file FILE</pre>`;
  return htmlPage('Sign in', `<h1>Sign in</h1>${links.join('') || none}`);
}

/** Where somebody who has signed in lets their command line in. */
export function commandLinePage({ code, person, csrf }: { code: string; person: string; csrf: string }): string {
  return htmlPage(
    'Let a command line in',
    `<h1>Let a command line in</h1>
<p>It acts as <strong>${escapeHtml(person)}</strong> until your own session ends. Go on only if you have just started
<code>mlops login</code> yourself, and it shows this code.</p>
<form id="approve"><p><label>Code <input name="code" value="${escapeHtml(code)}" autocomplete="off" required></label>
<button>Let it in</button></p></form><p id="said" role="status"></p>
<script type="module">
document.getElementById('approve').addEventListener('submit', async (event) => {
  event.preventDefault();
  const user_code = new FormData(event.target).get('code');
  const headers = { 'content-type': 'application/json', 'x-csrf-token': ${JSON.stringify(csrf)} };
  const answer = await fetch('/api/v1/sessions/approve', { method: 'POST', headers, body: JSON.stringify({ user_code }) });
  const { detail } = await answer.json();
  document.getElementById('said').textContent = answer.ok ? 'It is in; this page can be closed.' : detail;
  if (answer.ok) event.target.remove();
});
</script>`,
  );
}
