// Keys that nobody else has.
import { generateKeyPair } from 'jose';
import { atEnd } from './loopback.mjs';

const free = [];

/** An extractable key pair. An RSA key takes long to find, so those of programs that have ended are given to others in this process. */
export async function keyPair(alg) {
  const isRsa = alg.startsWith('RS');
  const pair = (isRsa && free.shift()) || await generateKeyPair(alg, { extractable: true });
  if (isRsa) atEnd(() => free.push(pair));
  return pair;
}
