// Microsoft's client for JavaScript, as it is, against an admin API that listens on loopback in plain HTTP.
import { Client, MiddlewareFactory } from '@microsoft/microsoft-graph-client';

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Base addresses that a token may be sent to: HTTPS anywhere, HTTP on this machine only. */
export function checked(base) {
  const url = new URL(base);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.has(url.hostname))) return url;
  throw new Error(`${url.origin}: a token is sent over plain HTTP to loopback addresses only`);
}

/**
 * A client for `base`, such as `http://127.0.0.1:8443/v1.0`.
 *
 * The SDK authenticates requests to https addresses only and takes nothing else for the link to a next page. So it is
 * given the https spelling of a loopback address, and its last middleware, which only calls `fetch`, is replaced by one
 * that does what a TLS terminator before the listener would: the scheme changes on the way in and in links on the way
 * out. The other middleware, and with it every header, is the SDK's own.
 */
export function clientOf(base, token) {
  const url = checked(base);
  const version = url.pathname.replaceAll('/', '') || 'v1.0';
  const chain = MiddlewareFactory.getDefaultMiddlewareChain({ getAccessToken: async () => token });
  if (url.protocol === 'http:') chain.splice(-1, 1, new Terminator(url.host));
  return Client.initWithMiddleware({
    middleware: chain,
    baseUrl: `https://${url.host}/`,
    defaultVersion: version,
    customHosts: new Set([url.hostname]),
  });
}

class Terminator {
  #host;

  constructor(host) {
    this.#host = host;
  }

  async execute(context) {
    const outside = `https://${this.#host}/`;
    const inside = `http://${this.#host}/`;
    if (!context.request.startsWith(outside)) throw new Error(`${context.request} is not the API's`);
    const response = await fetch(inside + context.request.slice(outside.length), context.options);
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    context.response = isJson ? await withLink(response, inside, outside) : response;
  }
}

async function withLink(response, inside, outside) {
  let text = await response.text();
  const next = JSON.parse(text)['@odata.nextLink'];
  if (next?.startsWith(inside)) {
    text = JSON.stringify({ ...JSON.parse(text), '@odata.nextLink': outside + next.slice(inside.length) });
  }
  return new Response(text, { status: response.status, statusText: response.statusText, headers: response.headers });
}
