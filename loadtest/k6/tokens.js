// 10,000 distinct tokens: first each is seen for the first time, then all are known. A token that is known is not verified again.
import { check } from 'k6';
import exec from 'k6/execution';
import { RATE, SECONDS, arriving, ask, metric, plan, tokens } from './lib.js';

export { handleSummary } from './lib.js';

const good = tokens('good');
const cold = Math.ceil(good.count / RATE);

export const options = plan({
  cold: arriving(RATE, cold),
  warm: arriving(RATE, SECONDS, { start: cold + 1 }),
}, { checks: ['rate==1'] });

export default function () {
  ask(good(exec.scenario.iterationInTest));
}

export function teardown() {
  const verified = metric('crossgate_token_verifications_total');
  // Some may come twice at once while they are new.
  check(verified, { 'each token is verified once': (count) => count > 0 && count <= good.count * 1.01 });
}
