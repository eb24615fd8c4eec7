// Verifies a signed assertion with `jose` as an app behind the gateway would: takes {token, jwks, audience} as its argument and
// prints the header and the claims, or the error, as one line of JSON.
import { createRemoteJWKSet, jwtVerify } from 'jose';

const { token, jwks, audience } = JSON.parse(process.argv[2]);
try {
  const { payload, protectedHeader } = await jwtVerify(token, createRemoteJWKSet(new URL(jwks)), { audience });
  process.stdout.write(`${JSON.stringify({ header: protectedHeader, claims: payload })}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ error: `${error.code}: ${error.message}` })}\n`);
}
