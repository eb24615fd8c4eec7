// 10,000 distinct tokens: first each is seen for the first time, then all are known. A token that is known is not verified again.
import exec from 'k6/execution';
import { Gauge } from 'k6/metrics';
import { RATE, SECONDS, arriving, ask, metric, plan, tokens } from './lib.js';

export { handleSummary } from './lib.js';

const good = tokens('good');
const verifications = new Gauge('verifications_a_token');
const cold = Math.ceil(good.count / RATE);

export const options = plan({
  cold: arriving(RATE, cold),
  warm: arriving(RATE, SECONDS, { start: cold + 1 }),
}, {
  // Some may come twice at once while they are new.
  verifications_a_token: ['value>0.99', 'value<=1.01'],
});

export default function () {
  ask(good(exec.scenario.iterationInTest));
}

export function teardown() {
  verifications.add(metric('crossgate_token_verifications_total') / good.count);
}
