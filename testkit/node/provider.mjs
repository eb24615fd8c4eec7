// A real identity provider: `oidc-provider`, certified by the OpenID Foundation, as a partner's home organisation.
//
// Tokens come from its token endpoint (client_credentials with a resource indicator) or, for users, from its own
// AccessToken model through `/control/token`: no browser is driven, and still nobody here signs anything.
//
// Control calls: `/control/token`, `/control/rotate`, `/control/announce`, `/control/use-announced`, `/control/down`,
// `/control/up`, `/control/stats`.
import http from 'node:http';
import { exportJWK } from 'jose';
import Provider from 'oidc-provider';
import { keyPair } from './lib/keys.mjs';
import { control, listen, ready } from './lib/loopback.mjs';

const CLIENT = { id: 'partner-client', secret: 'a-secret-for-tests-only' };
const ALGORITHMS = ['RS256', 'ES256'];

const requests = { jwks: 0, discovery: 0, token: 0 };
let generation = 0;
// Those that sign come first, each algorithm's newest before its retired ones.
let keys = [];
let announced = [];
let provider;
let handler;

async function generateKeys() {
  generation += 1;
  return Promise.all(ALGORITHMS.map(async (alg) => {
    const { privateKey } = await keyPair(alg);
    return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: `${alg.toLowerCase()}-${generation}` };
  }));
}

const server = http.createServer((request, response) => {
  if (request.url.startsWith('/jwks')) requests.jwks += 1;
  if (request.url.startsWith('/.well-known/')) requests.discovery += 1;
  if (request.url.startsWith('/token')) requests.token += 1;
  handler(request, response);
});
const port = await listen(server);
const issuer = `http://127.0.0.1:${port}`;

function resourceServer(audience, { alg = 'RS256', scope = 'access', lifetime = 3600 } = {}) {
  const kid = keys.find((key) => key.alg === alg)?.kid;
  if (!kid) throw new Error(`no key for ${alg}`);
  return { audience, scope, accessTokenFormat: 'jwt', accessTokenTTL: lifetime, jwt: { sign: { alg, kid } } };
}

// What a call of `/control/token` wants in the token, until the provider asks for it.
const extra = new WeakMap();

function start() {
  provider = new Provider(issuer, {
    jwks: { keys: [...keys, ...announced] },
    clients: [{
      client_id: CLIENT.id,
      client_secret: CLIENT.secret,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
    }],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => resourceServer(resource),
      },
    },
    extraTokenClaims: (_context, token) => extra.get(token),
  });
  // A rotation starts a new instance over the same address, as a provider's restart does.
  handler = provider.callback();
}

keys = await generateKeys();
start();

const controlAddress = await control({
  // {sub, audience, claims, alg, scope, expires_in}: a user's access token.
  '/control/token': async ({ sub, audience, claims, alg, scope, expires_in: lifetime }) => {
    const client = await provider.Client.find(CLIENT.id);
    const resource = resourceServer(audience, { alg, scope, lifetime });
    const token = new provider.AccessToken({
      accountId: sub, client, gty: 'authorization_code', scope: resource.scope, expiresIn: resource.accessTokenTTL,
    });
    token.resourceServer = resource;
    extra.set(token, claims ?? {});
    return { token: await token.save() };
  },
  // {keep}: signs with new keys at once; how many retired generations stay in the JWKS, 1 where not said.
  '/control/rotate': async ({ keep = 1 }) => {
    keys = [...await generateKeys(), ...keys.slice(0, keep * ALGORITHMS.length)];
    start();
  },
  // Publishes the next keys and goes on signing with the ones before, until `/control/use-announced`.
  '/control/announce': async () => {
    announced = await generateKeys();
    start();
  },
  '/control/use-announced': async () => {
    keys = [...announced, ...keys];
    announced = [];
    start();
  },
  '/control/down': async () => {
    if (!server.listening) return;
    const closed = new Promise((resolve) => { server.close(resolve); });
    server.closeAllConnections();
    await closed;
  },
  '/control/up': async () => { if (!server.listening) await listen(server, port); },
  '/control/stats': () => requests,
});

ready({ issuer, control: controlAddress, client_id: CLIENT.id, client_secret: CLIENT.secret });
