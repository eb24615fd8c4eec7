// Facebook Login as an app meets it: the dialog, the code for a token, and the profile of the token's owner, with the checks
// that Facebook documents. Not Facebook's software, of which there is none to run: the one provider here that is not.
//
// The dialog takes `login` (an account's id or email) and any password but `wrong`. Control calls: `/control/account`
// `{id, name, email}`, `/control/app` `{client_id, client_secret, redirect_uris}`.
import { createHash, createHmac, randomBytes } from 'node:crypto';
import http from 'node:http';
import { body, control, json, listen, ready } from './lib/loopback.mjs';
import { escaped, html, show } from './lib/pages.mjs';

const accounts = new Map();
const apps = new Map();
const codes = new Map();
const tokens = new Map();

const random = () => randomBytes(24).toString('base64url');
const graphError = (response, message, status = 400) =>
  json(response, { error: { message, type: 'OAuthException', code: 100, fbtrace_id: random() } }, status);

/** `/v24.0/dialog/oauth`. */
async function dialog(request, response, query) {
  const app = apps.get(query.get('client_id'));
  const redirect = query.get('redirect_uri');
  if (!app?.redirect_uris.includes(redirect)) {
    return show(response, html('Facebook', '<p>URL blocked</p>'));
  }
  const scopes = (query.get('scope') ?? '').split(/[ ,]/);
  const back = (parameters) => {
    const url = new URL(redirect);
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    url.searchParams.set('state', query.get('state') ?? '');
    response.writeHead(302, { location: url.href });
    response.end();
  };
  if (request.method === 'GET') {
    return show(response, html('Log in to Facebook', `<form method="post"><p><label>Email <input name="login"></label></p>
<p><label>Password <input name="password" type="password"></label></p>
<p><button name="action" value="sign-in">Log in</button> <button name="action" value="cancel">Cancel</button></p></form>`));
  }
  const form = new URLSearchParams((await body(request)).toString());
  if (form.get('action') === 'cancel') {
    return back({ error: 'access_denied', error_reason: 'user_denied', error_description: 'Permissions error.' });
  }
  const login = form.get('login');
  const account = accounts.get(login) ?? [...accounts.values()].find(({ email }) => email === login);
  if (!account || form.get('password') === 'wrong') return show(response, html('Facebook', '<p>Wrong</p>'));
  const code = random();
  codes.set(code, { app, account, redirect, scopes, challenge: query.get('code_challenge') });
  return back({ code });
}

/** `/v24.0/oauth/access_token`. */
async function token(request, response) {
  const form = new URLSearchParams((await body(request)).toString());
  const code = codes.get(form.get('code'));
  codes.delete(form.get('code'));
  const verifier = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
  const fits = code
    && form.get('client_id') === code.app.client_id
    && form.get('client_secret') === code.app.client_secret
    && form.get('redirect_uri') === code.redirect
    && verifier === code.challenge;
  if (!fits) return graphError(response, 'Error validating verification code.');
  const token = `EAA${random()}`;
  tokens.set(token, code);
  return json(response, { access_token: token, token_type: 'bearer', expires_in: 5183944 });
}

/** `/v24.0/me`. */
function me(request, response, query) {
  const bearer = request.headers.authorization?.replace(/^Bearer /, '') ?? query.get('access_token');
  const owner = tokens.get(bearer);
  if (!owner) return graphError(response, 'Invalid OAuth access token.', 401);
  const proof = createHmac('sha256', owner.app.client_secret).update(bearer).digest('hex');
  if (query.get('appsecret_proof') !== proof) return graphError(response, 'Invalid appsecret_proof provided in the API argument');
  const fields = (query.get('fields') ?? 'id,name').split(',');
  const allowed = owner.scopes.includes('email') ? fields : fields.filter((field) => field !== 'email');
  return json(response, Object.fromEntries(allowed
    .filter((field) => owner.account[field] !== undefined)
    .map((field) => [field, owner.account[field]])));
}

const server = http.createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://127.0.0.1');
  switch (pathname) {
    case '/v24.0/dialog/oauth': return dialog(request, response, searchParams);
    case '/v24.0/oauth/access_token': return token(request, response);
    case '/v24.0/me': return me(request, response, searchParams);
    default: return graphError(response, 'Unknown path components', 404);
  }
});
const origin = `http://127.0.0.1:${await listen(server)}`;
ready({
  origin,
  control: await control({
    '/control/account': (account) => { accounts.set(account.id, account); },
    '/control/app': (app) => { apps.set(app.client_id, app); },
  }),
});
