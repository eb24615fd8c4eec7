// A real identity provider where people sign in by pages: `oidc-provider`, certified by the OpenID Foundation, with plain
// pages of its own. Who can sign in, and to what, is told by control calls.
//
// The sign-in page takes `login` (an account's email or sub) and `password` (any but `wrong`), and `otp` (six digits, any
// but 000000) where more than a password is asked for: by `acr_values`, or by `acr`, `amr` or `acrs` in the `claims`
// parameter. Nobody is asked for consent. The claims of an account stand in the id token; `name` and the like go with the
// scope `profile` and `email` with `email`, as the standard has it, all others with `openid`.
//
// Control calls: `/control/tenant`, `/control/account`, `/control/client`, `/control/signed-in`, `/control/sign-out`, `/control/event`,
// `/control/rotate`, `/control/down`, `/control/up`, `/control/stats`. What each takes stands beside it.
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { SignJWT, exportJWK, importJWK } from 'jose';
import Provider, { interactionPolicy } from 'oidc-provider';
import { ROUTES, inItsForm, issuerOf } from './lib/entra.mjs';
import { keyPair } from './lib/keys.mjs';
import { body, control, listen, ready } from './lib/loopback.mjs';
import { escaped, html, show } from './lib/pages.mjs';
import { Store } from './lib/store.mjs';

const PASSWORD = 'urn:oasis:names:tc:SAML:2.0:ac:classes:Password';
const MULTI_FACTOR = 'http://schemas.openid.net/pape/policies/2007/06/multi-factor';
const HOUR = 3600;
const WEEK = 7 * 24 * HOUR;

// https://openid.net/specs/openid-connect-core-1_0.html#ScopeClaims
const SCOPES = {
  profile: [
    'name', 'family_name', 'given_name', 'middle_name', 'nickname', 'preferred_username', 'profile', 'picture', 'website',
    'gender', 'birthdate', 'zoneinfo', 'locale', 'updated_at',
  ],
  email: ['email', 'email_verified'],
};

// The tenant in Entra that it is, how it names itself in answers, what all its paths begin with, and where it is asked for what.
let tenant;
let named;
let mount = '';
let routes = {
  authorization: '/auth', end_session: '/session/end', jwks: '/jwks', token: '/token', userinfo: '/me',
};

const accounts = new Map();
const clients = new Map();
// The authentication contexts that a session has been stepped up to, by the session's uid.
const contexts = new Map();
const store = new Store();
const stats = {
  discovery: 0, jwks: 0, authorize: 0, token: 0, userinfo: 0, pages: 0, logins: 0, refused: 0,
  logouts: 0, backchannel: 0, backchannel_failed: 0,
};

// ---- what is asked of a person -----------------------------------------------------------------------------------------

const values = (request) => [request?.value ?? [], request?.values ?? []].flat();

/** Whether an authorization request wants more than a password, and for which authentication contexts. */
function wanted({ acr_values: acrValues = '', claims = '{}' }) {
  const { id_token: asked } = JSON.parse(claims);
  const acrs = values(asked?.acrs);
  const acr = [...acrValues.split(' '), ...values(asked?.acr)];
  return { acrs, multiFactor: acrs.length > 0 || acr.includes(MULTI_FACTOR) || values(asked?.amr).includes('mfa') };
}

function isMet({ session, params }) {
  const { acrs, multiFactor } = wanted(params);
  const reached = contexts.get(session.uid) ?? [];
  return !multiFactor || (session.amr?.includes('mfa') && acrs.every((acr) => reached.includes(acr)));
}

const policy = interactionPolicy.base();
policy.get('login').checks.add(new interactionPolicy.Check(
  'multi_factor', 'more than a password is asked for', 'login_required',
  ({ oidc }) => Boolean(oidc.session.accountId) && !isMet(oidc),
));

// ---- pages -------------------------------------------------------------------------------------------------------------

function signInPage({ login = '', multiFactor, complaint }) {
  return html('Sign in', `${complaint ? `<p role="alert">${escaped(complaint)}</p>` : ''}<form method="post">
<p><label>Login <input name="login" autocomplete="username" value="${escaped(login)}"></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password"></label></p>
${multiFactor ? '<p><label>Code <input name="otp" inputmode="numeric" autocomplete="one-time-code"></label></p>' : ''}
<p><button name="action" value="sign-in">Sign in</button> <button name="action" value="cancel">Cancel</button></p></form>`);
}

const accountOf = (login) => accounts.get(login) ?? [...accounts.values()].find(({ email }) => email && email === login);

/** The result of a sign-in, or why there is none. */
function signIn(sent, { acrs, multiFactor }) {
  const account = accountOf(sent.get('login'));
  const password = sent.get('password');
  if (!account || !password || password === 'wrong') return { complaint: 'Login or password is wrong.' };
  const otp = sent.get('otp') ?? '';
  if (multiFactor && (!/^\d{6}$/.test(otp) || otp === '000000')) return { complaint: 'The code is wrong.' };
  const amr = new Set(account.amr);
  if (multiFactor) amr.add('mfa');
  const acr = amr.has('mfa') ? MULTI_FACTOR : PASSWORD;
  return { login: { accountId: account.sub, amr: [...amr], acr, acrs } };
}

async function interaction(request, response) {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  const finish = (result) => provider.interactionFinished(request, response, result);
  // All there is to consent to is granted already; this is a client that asks to ask.
  if (prompt.name === 'consent') return finish({ consent: {} });
  const asked = wanted(params);
  const hint = params.login_hint ?? accounts.get(session?.accountId)?.email ?? session?.accountId;
  if (request.method !== 'POST') {
    stats.pages += 1;
    return show(response, signInPage({ ...asked, login: hint }));
  }
  const sent = new URLSearchParams((await body(request)).toString());
  if (sent.get('action') === 'cancel') {
    return finish({ error: 'access_denied', error_description: 'the person went away' });
  }
  const { complaint, login } = signIn(sent, asked);
  if (complaint) {
    stats.refused += 1;
    return show(response, signInPage({ ...asked, login: sent.get('login') ?? '', complaint }));
  }
  stats.logins += 1;
  return finish({ login });
}

/** Front-channel logout, which `oidc-provider` no longer knows: one frame for each client that wants to be told. */
function frames({ authorizations = {} }) {
  return Object.entries(authorizations).flatMap(([id, { sid }]) => {
    const uri = clients.get(id)?.frontchannel_logout_uri;
    if (!uri) return [];
    const address = new URL(uri);
    address.searchParams.set('iss', issuer);
    address.searchParams.set('sid', sid);
    return [`<iframe hidden title="${escaped(id)}" src="${escaped(address.href)}"></iframe>`];
  }).join('');
}

function logoutSource(ctx, form) {
  // Who sends a token along has been asked there already. `load` waits for the frames.
  const go = ctx.oidc.params.id_token_hint ? '<script>onload = () => document.querySelector("button").click()</script>' : '';
  const button = '<button form="op.logoutForm" name="logout" value="yes">Sign out</button>';
  ctx.body = html('Sign out?', `${form}${button}${frames(ctx.oidc.session)}${go}`);
}

// ---- the provider --------------------------------------------------------------------------------------------------------

const everywhere = (_host, { all }, answer) => {
  if (all) answer(null, [{ address: '127.0.0.1', family: 4 }]);
  else answer(null, '127.0.0.1', 4);
};

/** What the provider itself calls (back-channel logout, a client's keys): on loopback, whatever the name and certificate. */
function fetchFromLoopback(address, { method = 'GET', headers, body: content, signal }) {
  const url = new URL(address);
  const { request } = url.protocol === 'https:' ? https : http;
  const options = {
    method, headers: Object.fromEntries(headers), signal, lookup: everywhere, rejectUnauthorized: false, agent: false,
  };
  return new Promise((resolve, reject) => {
    const call = request(url, options, async (answer) => {
      try {
        const received = await body(answer);
        resolve(new Response(received.length ? received : null, { status: answer.statusCode }));
      } catch (error) {
        reject(error);
      }
    });
    call.on('error', reject);
    call.end(content === undefined ? undefined : String(content));
  });
}

async function findAccount(ctx, sub, token) {
  const account = accounts.get(sub);
  if (!account) return undefined;
  const session = token?.sessionUid ?? ctx.oidc.session?.uid;
  return {
    accountId: sub,
    claims: () => {
      const { amr, claims, ...own } = account;
      const ofTenant = tenant && { tid: tenant, ver: '2.0', preferred_username: own.email };
      return { ...own, ...ofTenant, acrs: contexts.get(session), ...claims };
    },
  };
}

/** One grant for each session and client, holding whatever is asked for. */
async function loadExistingGrant(ctx) {
  const { client, requestParamClaims, requestParamScopes, session } = ctx.oidc;
  const id = session.grantIdFor(client.clientId);
  const before = id && await provider.Grant.find(id);
  const grant = before || new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
  grant.addOIDCScope([...requestParamScopes].join(' '));
  grant.addOIDCClaims([...requestParamClaims]);
  await grant.save();
  return grant;
}

let keys = [];
async function newKey() {
  const { privateKey } = await keyPair('RS256');
  return { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: randomBytes(8).toString('hex') };
}

const server = http.createServer((request, response) => {
  const url = request.url.slice(mount.length).replace(/^\/v2\.0(?=\/\.well-known\/)/, '');
  // By these the library finds what it is mounted below.
  Object.assign(request, { url, originalUrl: mount + url });
  const counted = Object.entries({
    discovery: '/.well-known/', jwks: routes.jwks, authorize: routes.authorization, token: routes.token, userinfo: routes.userinfo,
  }).find(([, start]) => url.startsWith(start));
  if (counted) stats[counted[0]] += 1;
  // Browsers ask by themselves, and complain where there is none.
  if (url === '/favicon.ico') return response.writeHead(204).end();
  if (!url.startsWith('/interaction/')) return handler(request, response);
  return interaction(request, response).catch((error) => {
    response.writeHead(error.statusCode ?? 500, { 'content-type': 'text/plain' });
    response.end(`${error.message}: ${error.error_description ?? ''}`);
  });
});
const port = await listen(server);
let issuer = `http://127.0.0.1:${port}`;

// Browsers share cookies among the ports of a host.
const cookies = {
  keys: [randomBytes(32).toString('hex')],
  names: { session: `people-${port}`, interaction: `people-${port}-asked`, resume: `people-${port}-resume` },
};

const others = new Set(['sub', 'groups', 'acr', 'amr', 'acrs', 'auth_time']);
let provider;
let handler;

function start() {
  provider = new Provider(issuer, {
    adapter: store.adapter,
    jwks: { keys },
    cookies,
    findAccount,
    loadExistingGrant,
    routes,
    interactions: { policy, url: (_ctx, { uid }) => `${mount}/interaction/${uid}` },
    claims: { acr: null, sid: null, auth_time: null, iss: null, openid: [...others], ...SCOPES },
    acrValues: [PASSWORD, MULTI_FACTOR],
    conformIdTokenClaims: false,
    pkce: { required: (_ctx, { clientId }) => clients.get(clientId)?.require_pkce !== false },
    fetch: fetchFromLoopback,
    ttl: {
      AccessToken: HOUR, AuthorizationCode: 60, Grant: WEEK, IdToken: HOUR, Interaction: HOUR, RefreshToken: WEEK, Session: WEEK,
    },
    features: {
      // Entra tells of an end by browsers alone.
      backchannelLogout: { enabled: !tenant },
      claimsParameter: { enabled: true },
      devInteractions: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource,
        postLogoutSuccessSource: (ctx) => { ctx.body = html('Signed out', ''); },
      },
    },
    discovery: { frontchannel_logout_supported: true, frontchannel_logout_session_supported: true },
    renderError: (ctx, { error, error_description: description }) => {
      ctx.type = 'html';
      ctx.body = html(error, `<p>${escaped(description ?? '')}</p>`);
    },
  });
  if (tenant) {
    // Browsers speak TLS with who stands in front.
    provider.proxy = true;
    provider.use(inItsForm(tenant, named));
  }
  // By the library's own rule only a client with a back-channel address is told the session's id.
  provider.Client.prototype.includeSid = () => true;
  // Sent when an answer of the sign-in page has been taken over into the session, before it is looked at.
  provider.on('interaction.ended', ({ oidc: { result, session } }) => {
    if (result?.login) contexts.set(session.uid, result.login.acrs.length ? result.login.acrs : undefined);
  });
  provider.on('end_session.success', () => { stats.logouts += 1; });
  provider.on('backchannel.success', () => { stats.backchannel += 1; });
  provider.on('backchannel.error', () => { stats.backchannel_failed += 1; });
  provider.on('server_error', (_ctx, error) => process.stderr.write(`${error.stack}\n`));
  // A new instance over the same address and store: sessions and clients stay.
  handler = provider.callback();
}
keys = [await newKey()];
start();

// ---- control -------------------------------------------------------------------------------------------------------------

const sessions = () => store.all('Session').filter(({ accountId }) => accountId);

async function tell(sub, id, sid) {
  const client = await provider.Client.find(id);
  if (!client?.backchannelLogoutUri) return [];
  try {
    await client.backchannelLogout(sub, sid);
    stats.backchannel += 1;
    return [{ client_id: id, error: null }];
  } catch (error) {
    stats.backchannel_failed += 1;
    return [{ client_id: id, error: error.message }];
  }
}

const controlAddress = await control({
  // {tenant, named}: is that tenant in Entra from now on, with the addresses and claims of its v2.0 endpoints, behind whoever
  // ends TLS there; `named` is the `iss` of its answers, where they are to have one. Answers {issuer, pages}: how the addresses
  // of all its pages begin.
  '/control/tenant': ({ tenant: id, named: name }) => {
    tenant = id;
    named = name;
    mount = `/${id}`;
    routes = ROUTES;
    issuer = issuerOf(id);
    for (const claim of ['tid', 'ver']) others.add(claim);
    start();
    return { issuer, pages: new URL(`${mount}/`, issuer).href };
  },
  // {sub, email, name, groups, claims, amr}: adds or replaces one; `amr` is what a sign-in without a code says, ["pwd"].
  '/control/account': ({ amr = ['pwd'], claims = {}, ...account }) => {
    if (!account.sub) throw new Error('an account needs a sub');
    accounts.set(account.sub, { ...account, amr, claims });
    const known = new Set([...others, ...Object.values(SCOPES).flat()]);
    const added = Object.keys({ ...account, ...claims }).filter((name) => !known.has(name));
    if (!added.length) return;
    for (const name of added) others.add(name);
    start();
  },
  // Client metadata as a registration has it, with code flow only: {client_id, client_secret, redirect_uris,
  // post_logout_redirect_uris, backchannel_logout_uri, frontchannel_logout_uri, token_endpoint_auth_method, ...}. PKCE is
  // asked of all but those with `require_pkce: false`.
  '/control/client': async (metadata) => {
    const client = Object.fromEntries(Object.entries({
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      backchannel_logout_session_required: metadata.backchannel_logout_uri ? true : undefined,
      ...metadata,
    }).filter(([, value]) => value !== null && value !== undefined));
    await store.adapter('Client').upsert(client.client_id, client);
    clients.set(client.client_id, client);
    // Says now what is wrong with it.
    await provider.Client.find(client.client_id);
  },
  // Everyone's sessions: {sub, amr, acr, acrs, auth_time, clients: {client_id: sid}}.
  '/control/signed-in': () => ({
    sessions: sessions().map(({ accountId: sub, amr, acr, loginTs, uid, authorizations = {} }) => ({
      sub,
      amr,
      acr,
      acrs: contexts.get(uid) ?? [],
      auth_time: loginTs,
      clients: Object.fromEntries(Object.entries(authorizations).map(([id, { sid }]) => [id, sid])),
    })),
  }),
  // {sub}: ends a person's sessions here, as an administrator would, and tells the clients by the back channel.
  '/control/sign-out': async ({ sub }) => {
    const told = [];
    for (const session of sessions().filter(({ accountId }) => accountId === sub)) {
      await store.adapter('Session').destroy(session.jti);
      for (const [id, { sid }] of Object.entries(session.authorizations ?? {})) told.push(...await tell(sub, id, sid));
    }
    return { told };
  },
  // {audience, event, subject}: a security event token (RFC 8417) about a user or a session of this provider, of now.
  '/control/event': async ({ audience, event, subject }) => {
    const [key] = keys;
    const now = Math.floor(Date.now() / 1000);
    const claims = { sub_id: subject, events: { [event]: { event_timestamp: now } } };
    const token = new SignJWT(claims).setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'secevent+jwt' });
    token.setIssuer(issuer).setAudience(audience).setIssuedAt(now).setJti(randomBytes(8).toString('hex'));
    return { event: await token.sign(await importJWK(key)) };
  },
  // {keep}: signs with a new key from now on; how many retired ones stay published, 1 where not said.
  '/control/rotate': async ({ keep = 1 }) => {
    keys = [await newKey(), ...keys.slice(0, keep)];
    start();
  },
  '/control/down': async () => {
    if (!server.listening) return;
    const closed = new Promise((resolve) => { server.close(resolve); });
    server.closeAllConnections();
    await closed;
  },
  '/control/up': async () => { if (!server.listening) await listen(server, port); },
  '/control/stats': () => stats,
});

ready({ issuer, control: controlAddress });
