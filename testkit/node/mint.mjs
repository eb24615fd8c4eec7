// An Entra-shaped token service: discovery and keys as Entra publishes them, and tokens signed by `jose`.
//
// Entra's issuer addresses are fixed, so a test tells the gateway where the keys are: the `jwks` addresses below.
// `/mint` takes {kind, fault, cloud, version, tenant, home, audience, client, claims, header, key, alg, expires_in}; a claim or
// header member set to null is left out. Kinds and faults are the two tables below.
import { createHash, randomUUID } from 'node:crypto';
import http from 'node:http';
import { CompactSign, SignJWT, base64url, exportJWK, exportSPKI } from 'jose';
import { keyPair } from './lib/keys.mjs';
import { control, json, listen, ready } from './lib/loopback.mjs';

const MICROSOFT_ACCOUNTS = '9188040d-6c67-4c5b-b112-36a304b66dad';

const CLOUDS = {
  global: { v1: 'https://sts.windows.net/', v2: 'https://login.microsoftonline.com/' },
  usgov: { v1: 'https://sts.windows.net/', v2: 'https://login.microsoftonline.us/' },
  china: { v1: 'https://sts.chinacloudapi.cn/', v2: 'https://login.partner.microsoftonline.cn/' },
};

function issuerOf(cloud, version, tenant) {
  if (!CLOUDS[cloud]) throw new Error(`no cloud ${cloud}`);
  return version === '1.0' ? `${CLOUDS[cloud].v1}${tenant}/` : `${CLOUDS[cloud].v2}${tenant}/v2.0`;
}

// ---- keys -------------------------------------------------------------------------------------------------------------

async function newKey(alg, published) {
  const { privateKey, publicKey } = await keyPair(alg);
  const jwk = await exportJWK(publicKey);
  const kid = createHash('sha1').update(jwk.n ?? jwk.x).digest('base64url');
  return { alg, kid, jwk, privateKey, publicKey, published };
}

// `common` is published for every tenant, `consumers` for Microsoft accounts only, `es256` stands in the key set although
// Entra signs with RS256 only, and `unpublished` stands nowhere.
let keys;
async function newKeys() {
  keys = {
    common: await newKey('RS256', '{tenantid}'),
    consumers: await newKey('RS256', MICROSOFT_ACCOUNTS),
    es256: await newKey('ES256', '{tenantid}'),
    unpublished: await newKey('RS256', null),
  };
}
await newKeys();
let retired = [];

function keySet(cloud, version) {
  const published = [...Object.values(keys), ...retired].filter((key) => key.published);
  return {
    keys: published.map(({ alg, jwk, kid, published: tenant }) => ({
      ...jwk, use: 'sig', kid, x5t: kid, ...(alg === 'RS256' ? {} : { alg }), issuer: issuerOf(cloud, version, tenant),
    })),
  };
}

// ---- discovery --------------------------------------------------------------------------------------------------------

const requests = { jwks: 0, discovery: 0 };

// /{cloud}/{tenant}[/v2.0]/.well-known/openid-configuration and /{cloud}/{tenant}/discovery[/v2.0]/keys
const server = http.createServer((request, response) => {
  const [, cloud, tenant, ...rest] = request.url.split('?')[0].split('/');
  const what = rest.join('/');
  if (!CLOUDS[cloud]) return json(response, { error: 'not_found' }, 404);
  if (what === 'discovery/keys' || what === 'discovery/v2.0/keys') {
    requests.jwks += 1;
    return json(response, keySet(cloud, what.includes('v2.0') ? '2.0' : '1.0'));
  }
  const version = { '.well-known/openid-configuration': '1.0', 'v2.0/.well-known/openid-configuration': '2.0' }[what];
  if (!version) return json(response, { error: 'not_found' }, 404);
  const known = { common: '{tenantid}', organizations: '{tenantid}', consumers: MICROSOFT_ACCOUNTS }[tenant];
  if (!known && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(tenant)) {
    return json(response, { error: 'invalid_tenant', error_description: 'AADSTS90002: tenant not found.' }, 400);
  }
  requests.discovery += 1;
  const v2 = version === '2.0';
  return json(response, {
    issuer: issuerOf(cloud, version, known ?? tenant),
    jwks_uri: `${address}/${cloud}/${tenant}/discovery/${v2 ? 'v2.0/' : ''}keys`,
    authorization_endpoint: `${CLOUDS[cloud].v2}${tenant}/oauth2/${v2 ? 'v2.0/' : ''}authorize`,
    token_endpoint: `${CLOUDS[cloud].v2}${tenant}/oauth2/${v2 ? 'v2.0/' : ''}token`,
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    subject_types_supported: ['pairwise'],
    tenant_region_scope: null,
  });
});
const address = `http://127.0.0.1:${await listen(server)}`;

// ---- tokens -----------------------------------------------------------------------------------------------------------

const user = () => ({ sub: base64url.encode(randomUUID()), scp: 'access', name: 'Ada', amr: ['pwd'] });

// What sets each kind apart. `order` is the request; what stands in its `claims` comes last and wins.
const KINDS = {
  member: () => ({ ...user(), acct: 0 }),
  'b2b-guest': ({ home, cloud }) => ({
    ...user(), acct: 1, idp: issuerOf(cloud, '1.0', home), altsecid: '5::10030000AAAABBBB', email: 'ada@partner.example',
  }),
  // Issued by the home organisation itself: nothing marks it but who signed.
  'direct-connect': () => user(),
  'microsoft-account-guest': () => ({
    ...user(), acct: 1, idp: 'live.com', altsecid: '1:live.com:0003000011112222', email: 'ada@outlook.example',
  }),
  'microsoft-account': () => user(),
  'app-only': ({ object }) => ({ sub: object, idtyp: 'app', roles: ['Reports.Read'] }),
  'groups-overage': ({ tenant, object }) => ({
    ...user(),
    _claim_names: { groups: 'src1' },
    _claim_sources: { src1: { endpoint: `https://graph.windows.net/${tenant}/users/${object}/getMemberObjects` } },
  }),
};

// Each takes what would have been signed, and answers the token that must be refused.
const FAULTS = {
  'alg-none': ({ header, claims }) => `${encode({ ...header, alg: 'none' })}.${encode(claims)}.`,
  'hs256-with-public-key': async ({ header, claims, key }) => new SignJWT(claims)
    .setProtectedHeader({ ...header, alg: 'HS256' })
    .sign(Buffer.from(await exportSPKI(key.publicKey))),
  'bad-signature': async (order) => {
    const [header, claims, signature] = (await sign(order)).split('.');
    const bytes = base64url.decode(signature);
    bytes[0] ^= 1;
    return [header, claims, base64url.encode(bytes)].join('.');
  },
  'unknown-kid': ({ header, ...order }) => sign({ ...order, header: { ...header, kid: randomUUID() } }),
  'unpublished-key': ({ header, ...order }) => sign({ ...order, header: { ...header, kid: keys.unpublished.kid }, key: keys.unpublished }),
  // Signed by a key that its owner put into the header.
  'own-jwk-header': ({ header, ...order }) => sign({
    ...order, header: { ...header, kid: undefined, jwk: keys.unpublished.jwk }, key: keys.unpublished,
  }),
  'unknown-critical-header': ({ header, claims }) => new SignJWT(claims)
    .setProtectedHeader({ ...header, crit: ['urn:example:unknown'], 'urn:example:unknown': true })
    .sign(keys.common.privateKey, { crit: { 'urn:example:unknown': true } }),
  expired: ({ claims, ...order }) => sign({ ...order, claims: { ...claims, iat: now() - 7200, nbf: now() - 7200, exp: now() - 120 } }),
  'not-yet-valid': ({ claims, ...order }) => sign({ ...order, claims: { ...claims, nbf: now() + 600, exp: now() + 1200 } }),
  'text-expiry': ({ claims, ...order }) => signBytes({ ...order, payload: JSON.stringify({ ...claims, exp: String(claims.exp) }) }),
  'duplicate-member': ({ claims, ...order }) => signBytes({
    ...order, payload: JSON.stringify(claims).replace('{', `{"tid":${JSON.stringify(claims.tid)},`),
  }),
};

const now = () => Math.floor(Date.now() / 1000);
const encode = (value) => base64url.encode(JSON.stringify(value));
const sign = ({ header, claims, key }) => signBytes({ header, key, payload: JSON.stringify(claims) });

// The payload goes in as text, so that a fault may be one that a JSON library would not write.
function signBytes({ header, payload, key }) {
  return new CompactSign(Buffer.from(payload)).setProtectedHeader(header).sign(key.privateKey);
}

const present = (members) => Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null && value !== undefined));

async function mint(order) {
  const { kind = 'member', fault, cloud = 'global', version = '2.0', audience, expires_in: lifetime = 3600 } = order;
  if (!KINDS[kind]) throw new Error(`no kind ${kind}; there are ${Object.keys(KINDS).join(', ')}`);
  if (fault && !FAULTS[fault]) throw new Error(`no fault ${fault}; there are ${Object.keys(FAULTS).join(', ')}`);
  const tenant = kind === 'microsoft-account' ? MICROSOFT_ACCOUNTS : order.tenant;
  if (!tenant || !audience) throw new Error('a token needs a tenant and an audience');
  const key = keys[order.key ?? (kind === 'microsoft-account' ? 'consumers' : 'common')];
  if (!key) throw new Error(`no key ${order.key}; there are ${Object.keys(keys).join(', ')}`);
  const client = order.client ?? 'cccccccc-0000-4000-8000-000000000001';
  const object = order.claims?.oid ?? randomUUID();
  const v1 = version === '1.0';
  const claims = present({
    aud: audience,
    iss: issuerOf(cloud, version, tenant),
    iat: now(),
    nbf: now(),
    exp: now() + lifetime,
    tid: tenant,
    oid: object,
    uti: base64url.encode(randomUUID()),
    ver: version,
    ...(v1 ? { appid: client, appidacr: '0', acr: '1' } : { azp: client, azpacr: '0' }),
    ...KINDS[kind]({ cloud, tenant, home: order.home, object }),
    ...order.claims,
  });
  const header = present({ typ: 'JWT', alg: key.alg, kid: key.kid, ...(v1 ? { x5t: key.kid } : {}), ...order.header });
  return fault ? FAULTS[fault]({ header, claims, key }) : sign({ header, claims, key });
}

const controlAddress = await control({
  '/mint': async (order) => ({ token: await mint(order) }),
  // {keep}: whether the retired keys stay published.
  '/rotate': async ({ keep = true }) => {
    retired = keep ? Object.values(keys) : [];
    await newKeys();
  },
  '/stats': () => requests,
});

ready({
  control: controlAddress,
  jwks: Object.fromEntries(Object.keys(CLOUDS).map((cloud) => [cloud, `${address}/${cloud}/common/discovery/v2.0/keys`])),
});
