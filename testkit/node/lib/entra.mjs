// Where Entra's v2.0 endpoints are, and what of its answers `oidc-provider` gives in another form.

export const HOST = 'login.microsoftonline.com';
const CONSUMERS = '9188040d-6c67-4c5b-b112-36a304b66dad';

export const ROUTES = {
  authorization: '/oauth2/v2.0/authorize',
  end_session: '/oauth2/v2.0/logout',
  jwks: '/discovery/v2.0/keys',
  token: '/oauth2/v2.0/token',
  userinfo: '/oidc/userinfo',
};

export const issuerOf = (tenant) => `https://${HOST}/${tenant}/v2.0`;

/**
 * Middleware: Entra does not say that it names itself in what browsers bring back (RFC 9207), and does as `named` says: by that
 * name, or not at all. Of each key it says whose tokens that signs.
 */
export function inItsForm(tenant, named) {
  const keysOf = issuerOf(tenant === CONSUMERS ? tenant : '{tenantid}');
  return async (ctx, next) => {
    await next();
    const location = ctx.response.get('location');
    if (location?.includes('iss=')) {
      const address = new URL(location);
      if (named) address.searchParams.set('iss', named);
      else address.searchParams.delete('iss');
      ctx.set('location', address.href);
    }
    if (ctx.body?.jwks_uri) delete ctx.body.authorization_response_iss_parameter_supported;
    if (ctx.body?.keys) ctx.body = { keys: ctx.body.keys.map((key) => ({ ...key, issuer: keysOf })) };
  };
}
