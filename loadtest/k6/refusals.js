// One request in ten bears a bad token (in turn: bad signature, expired, wrong audience, wrong issuer): exactly those are refused.
import exec from 'k6/execution';
import { Rate } from 'k6/metrics';
import { RATE, SECONDS, arriving, ask, plan, tokens } from './lib.js';

export { handleSummary } from './lib.js';

const good = tokens('good', 1000);
const bad = tokens('bad');
const let_in = new Rate('good_let_in');
const refused = new Rate('bad_refused');

export const options = plan({ refusals: arriving(RATE, SECONDS) }, {
  good_let_in: ['rate==1'],
  bad_refused: ['rate==1'],
});

export default function () {
  const turn = exec.scenario.iterationInTest;
  if (turn % 10) {
    let_in.add(ask(good(turn)).status === 200);
  } else {
    const answer = ask(bad(turn / 10), { status: [401] });
    const challenge = answer.headers['Www-Authenticate'] || '';
    refused.add(answer.status === 401 && challenge.includes('error="invalid_token"'));
  }
}
