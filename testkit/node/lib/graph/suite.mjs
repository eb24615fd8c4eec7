// Steps one after another, a line for each, and what must be put back at the end.
import { isDeepStrictEqual } from 'node:util';
import { GraphError } from '@microsoft/microsoft-graph-client';

export const OWN_TENANT = '11111111-1111-4111-8111-111111111111';
export const FABRIKAM = '22222222-2222-4222-8222-222222222222';
export const LITWARE = '33333333-3333-4333-8333-333333333333';
export const NOBODY = '99999999-9999-4999-8999-999999999999';
export const SOMEBODY = '44444444-4444-4444-8444-444444444444';
export const SOME_GROUP = '55555555-5555-4555-8555-555555555555';
export const SOME_APP = '66666666-6666-4666-8666-666666666666';

const LONGEST = 500;

class Wrong extends Error {}

/** `found` must equal `wanted`, whatever the order of members. */
export function same(what, found, wanted) {
  if (!isDeepStrictEqual(found, wanted)) {
    throw new Wrong(`${what} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
  }
}

/** Each member of `wanted` must be in `found` as it is in `wanted`; `found` may have more. */
export function has(found, wanted) {
  for (const [name, value] of Object.entries(wanted)) same(name, found?.[name], value);
}

/** `condition` must hold. */
export function holds(condition, whyNot) {
  if (!condition) throw new Wrong(whyNot);
}

/** The call must be refused with this status, as a `GraphError` with a code and a message that has `named`. */
export async function refused(call, status, { code, named } = {}) {
  let answer;
  try {
    answer = await call;
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    same('the status', error.statusCode, status);
    holds(error.code, 'the error has no `code`');
    holds(error.message, 'the error has no `message`');
    if (code) same('the code', error.code, code);
    if (named) holds(error.message.includes(named), `the message does not name \`${named}\`: ${error.message}`);
    return error;
  }
  throw new Wrong(`it was not refused with ${status} but answered with ${JSON.stringify(answer)}`);
}

/** Runs steps against one server and counts them. */
export class Suite {
  right = 0;
  wrong = 0;
  #token;
  #undo = [];

  /** `stranger` talks to the same server with a token that is none. */
  constructor(client, stranger, token) {
    this.client = client;
    this.stranger = stranger;
    this.#token = token;
  }

  /** Runs one step; the next one follows whatever becomes of it. */
  async step(name, call) {
    try {
      await call();
      this.right += 1;
      this.#print(`ok ${name}`);
    } catch (error) {
      this.wrong += 1;
      this.#print(`FAILED ${name}: ${why(error)}`);
    }
  }

  /** Puts back what a step has changed, also where a later one fails. */
  atTheEnd(call) {
    this.#undo.push(call);
  }

  /** The last first. What is gone already is no failure. */
  async cleanUp() {
    while (this.#undo.length) {
      try {
        await this.#undo.pop()();
      } catch (error) {
        if (error instanceof GraphError && error.statusCode === 404) continue;
        this.wrong += 1;
        this.#print(`FAILED cleaning up: ${why(error)}`);
      }
    }
  }

  #print(line) {
    process.stdout.write(`${line.replaceAll(this.#token, '(token)')}\n`);
  }
}

function why(error) {
  const reason = reasonOf(error);
  return reason.length > LONGEST ? `${reason.slice(0, LONGEST)} …` : reason;
}

function reasonOf(error) {
  if (error instanceof Wrong) return error.message;
  if (error instanceof GraphError && error.statusCode > 0) {
    return `answered with ${error.statusCode} ${error.code}: ${error.message}`;
  }
  const cause = error?.cause ? ` (${error.cause.code ?? error.cause.message})` : '';
  return `${error?.name ?? 'Error'}: ${error?.message ?? error}${cause}`;
}
