// A real identity provider for SAML 2.0 and WS-Federation: Auth0's `samlp` and `wsfed`, with plain pages. Who can sign in is
// told by control calls; any service may ask, and is answered at the address that it names.
//
// `/sso` takes a request by the HTTP Redirect binding and answers by HTTP POST; `/wsfed` takes `wa=wsignin1.0`. The sign-in
// page takes `login` (an account's email or sub) and `password` (any but `wrong`). The attributes of an account are sent under
// the names they have.
//
// Control calls: `/control/key`, `/control/account`, `/control/response`, `/control/token`, `/control/sign`, `/control/stats`.
// What each takes stands beside it.
import { createPublicKey, createSign, randomBytes } from 'node:crypto';
import http from 'node:http';
import samlp from 'samlp';
import wsfed from 'wsfed';
import { SignedXml } from 'xml-crypto';
import { body, control, listen, ready } from './lib/loopback.mjs';
import { escaped, html, show } from './lib/pages.mjs';

const PASSWORD = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport';
const STATUS = 'urn:oasis:names:tc:SAML:2.0:status:';
const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
const HOUR = 3600;

const accounts = new Map();
// The `sub` of who is signed in here, by the cookie that says so.
const sessions = new Map();
const stats = { requests: 0, pages: 0, logins: 0, refused: 0, responses: 0 };
let own = {};

const accountOf = (login) => accounts.get(login) ?? [...accounts.values()].find(({ email }) => email && email === login);

// ---- what is sent --------------------------------------------------------------------------------------------------------

const profile = ({ sub, name_id: nameId = sub, name_id_format: nameIdentifierFormat = PERSISTENT, attributes = {} }) => ({
  getClaims: () => attributes,
  getNameIdentifier: () => ({ nameIdentifier: nameId, nameIdentifierFormat }),
});

/** A response, signed as asked: `sign` is `assertion`, `response`, `both` or `none`. */
function respond({ account, key = own.key, certificate = own.certificate, sign = 'assertion', ...asked }) {
  const config = {
    issuer,
    key,
    cert: certificate,
    audience: asked.audience,
    destination: asked.acs_url,
    recipient: asked.acs_url,
    inResponseTo: asked.in_response_to,
    lifetimeInSeconds: asked.lifetime ?? HOUR,
    sessionIndex: asked.session_index ?? `_${randomBytes(16).toString('hex')}`,
    authnContextClassRef: asked.authn_context ?? PASSWORD,
    samlStatusCode: asked.status && STATUS + asked.status,
    signAssertion: sign === 'assertion' || sign === 'both',
    signResponse: sign === 'response' || sign === 'both',
    signatureAlgorithm: asked.signature ?? 'rsa-sha256',
    digestAlgorithm: asked.digest ?? 'sha256',
    signatureNamespacePrefix: asked.prefix,
    includeAttributeNameFormat: true,
    typedAttributes: true,
    profileMapper: profile,
  };
  if (asked.encrypt) {
    config.encryptionCert = certificate;
    config.encryptionPublicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' });
  }
  stats.responses += 1;
  return new Promise((resolve, reject) => {
    samlp.getSamlResponse(config, account, (error, response) => (error ? reject(error) : resolve(response)));
  });
}

/** A `wresult` with an assertion of SAML 1.1. */
function token({ account, realm, context = '', lifetime = HOUR, signature = 'rsa-sha256', digest = 'sha256' }) {
  stats.responses += 1;
  return new Promise((resolve, reject) => {
    const answer = wsfed.auth({
      issuer,
      key: own.key,
      cert: own.certificate,
      audience: realm,
      wctx: context,
      lifetimeInSeconds: lifetime,
      signatureAlgorithm: signature,
      digestAlgorithm: digest,
      profileMapper: profile,
      getUserFromRequest: () => account,
      getPostURL: (_realm, _reply, _request, answered) => answered(null, 'unused'),
      responseHandler: (_response, _url, _context, wresult) => resolve(wresult),
    });
    answer({ query: {} }, {}, reject);
  });
}

// ---- pages ---------------------------------------------------------------------------------------------------------------

function signInPage(asked, { login = '', complaint }) {
  const hidden = Object.entries(asked)
    .map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`);
  return html('Sign in', `${complaint ? `<p role="alert">${escaped(complaint)}</p>` : ''}<form method="post">${hidden.join('')}
<p><label>Login <input name="login" autocomplete="username" value="${escaped(login)}"></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password"></label></p>
<p><button name="action" value="sign-in">Sign in</button> <button name="action" value="cancel">Cancel</button></p></form>`);
}

/** Posts fields to an address as soon as it is shown. */
function postOn(address, fields) {
  const inputs = Object.entries(fields).filter(([, value]) => value !== undefined)
    .map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`);
  return html('One moment', `<form method="post" action="${escaped(address)}">${inputs.join('')}<button>Go on</button></form>
<script>document.forms[0].submit()</script>`);
}

function parseSaml(query) {
  return new Promise((resolve, reject) => {
    const request = { method: 'POST', query: {}, body: query };
    samlp.parseRequest(request, { deflate: true }, (error, parsed) => (error ? reject(error) : resolve(parsed)));
  });
}

/** What a service asks for: whether a sign-in from before will do, and how it is answered. */
async function read(route, query) {
  if (route === 'wsfed') {
    const reply = query.wreply ?? query.wtrealm;
    return {
      again: query.wfresh === '0',
      answer: async (account) => postOn(reply, {
        wa: 'wsignin1.0', wctx: query.wctx, wresult: await token({ account, realm: query.wtrealm, context: query.wctx }),
      }),
    };
  }
  const parsed = await parseSaml(query);
  return {
    again: parsed.forceAuthn === 'true',
    answer: async (account, status) => {
      const xml = await respond({
        account,
        audience: parsed.issuer,
        acs_url: parsed.assertionConsumerServiceURL,
        in_response_to: parsed.id,
        authn_context: parsed.requestedAuthnContext?.authnContextClassRef,
        status,
      });
      const SAMLResponse = Buffer.from(xml).toString('base64');
      return postOn(parsed.assertionConsumerServiceURL, { SAMLResponse, RelayState: query.RelayState });
    },
  };
}

async function serve(request, response) {
  const url = new URL(request.url, issuer);
  const route = url.pathname.slice(1);
  if (route !== 'sso' && route !== 'wsfed') return response.writeHead(route === 'favicon.ico' ? 204 : 404).end();
  const isForm = request.method === 'POST';
  const sent = new URLSearchParams(isForm ? (await body(request)).toString() : url.search);
  const { login, password, action, ...query } = Object.fromEntries(sent);
  const asked = await read(route, query);
  const before = accounts.get(sessions.get(/saml-idp-session=(\w+)/.exec(request.headers.cookie ?? '')?.[1]));
  if (!isForm) {
    stats.requests += 1;
    if (before && !asked.again) return show(response, await asked.answer(before));
    stats.pages += 1;
    return show(response, signInPage(query, {}));
  }
  if (action === 'cancel') return show(response, await asked.answer({ sub: 'nobody' }, 'AuthnFailed'));
  const account = accountOf(login);
  if (!account || !password || password === 'wrong') {
    stats.refused += 1;
    return show(response, signInPage(query, { login, complaint: 'Login or password is wrong.' }));
  }
  stats.logins += 1;
  const session = randomBytes(16).toString('hex');
  sessions.set(session, account.sub);
  response.setHeader('set-cookie', `saml-idp-session=${session}; HttpOnly; Path=/`);
  return show(response, await asked.answer(account));
}

const server = http.createServer((request, response) => {
  serve(request, response).catch((error) => {
    response.writeHead(400, { 'content-type': 'text/plain' });
    response.end(String(error.message));
  });
});
const port = await listen(server);
const issuer = `http://127.0.0.1:${port}/metadata`;

// ---- control -------------------------------------------------------------------------------------------------------------

/** ECDSA as XML Signature has it: the two numbers one after the other. */
const ecdsa = (uri, hash) => class {
  getSignature = (signed, key) => createSign(hash).update(signed).sign({ key, dsaEncoding: 'ieee-p1363' }, 'base64');

  getAlgorithmName = () => uri;
};

const theAccount = ({ login, ...account }) => {
  if (login === undefined) return account;
  const found = accountOf(login);
  if (!found) throw new Error(`nobody is called ${login}`);
  return found;
};

const controlAddress = await control({
  // {key, certificate}: signs with this from now on; both PEM.
  '/control/key': (key) => { own = key; },
  // {sub, email, name_id, name_id_format, attributes: {name: value or values}}: adds or replaces one.
  '/control/account': (account) => {
    if (!account.sub) throw new Error('an account needs a sub');
    accounts.set(account.sub, account);
  },
  // {login, audience, acs_url, in_response_to, sign, lifetime, status, authn_context, session_index, encrypt, signature,
  // digest, prefix, key, certificate}: the response that this person would bring, as {xml}. `sign` is `assertion` where not
  // said, or `response`, `both`, `none`; `signature` and `digest` also `rsa-sha1` and `sha1`.
  '/control/response': async ({ login, ...asked }) => ({ xml: await respond({ account: theAccount({ login }), ...asked }) }),
  // {login, realm, context, lifetime, signature, digest}: the `wresult` that this person would bring, as {xml}.
  '/control/token': async ({ login, ...asked }) => ({ xml: await token({ account: theAccount({ login }), ...asked }) }),
  // {xml, element, id_attribute, after, signature, digest, canonicalization, transforms, prefixes, hmac, key, certificate}:
  // signs whatever stands at the XPath `element`, and puts the signature behind what stands at `after`, or at its end.
  // Algorithms by their addresses; several elements where `element` is a list.
  '/control/sign': ({
    xml, element, id_attribute: idAttribute, after, signature = RSA_SHA256, digest = SHA256, canonicalization = EXCLUSIVE,
    transforms = [ENVELOPED, EXCLUSIVE], prefixes, hmac, key = own.key, certificate = own.certificate,
  }) => {
    const signer = new SignedXml({
      privateKey: hmac ?? key,
      publicCert: certificate,
      signatureAlgorithm: signature,
      canonicalizationAlgorithm: canonicalization,
      idAttribute,
    });
    const curve = /#ecdsa-(sha\d+)$/.exec(signature);
    if (curve) signer.SignatureAlgorithms[signature] = ecdsa(signature, curve[1]);
    if (hmac) signer.enableHMAC();
    for (const xpath of [element].flat()) {
      signer.addReference({ xpath, transforms, digestAlgorithm: digest, inclusiveNamespacesPrefixList: prefixes });
    }
    const location = after ? { reference: after, action: 'after' } : { reference: [element].flat()[0], action: 'append' };
    signer.computeSignature(xml, { location });
    return { xml: signer.getSignedXml() };
  },
  // How often each happened: `requests`, sign-in `pages`, `logins`, `refused` ones, `responses`.
  '/control/stats': () => stats,
});

ready({
  issuer,
  sso: `http://127.0.0.1:${port}/sso`,
  wsfed: `http://127.0.0.1:${port}/wsfed`,
  control: controlAddress,
});
