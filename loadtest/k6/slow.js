// A slow upstream: hundreds of requests hang in one app, some for longer than the gateway waits. The other app does not notice.
import { Rate } from 'k6/metrics';
import { RATE, SECONDS, arriving, ask, plan, tokens } from './lib.js';

export { handleSummary } from './lib.js';

const good = tokens('good', 1000);
const third = Math.max(3, Math.floor(SECONDS / 3));
const given_up = new Rate('given_up_in_time');

export const options = plan({
  alone: arriving(Math.ceil(RATE / 2), third),
  beside: arriving(Math.ceil(RATE / 2), 2 * third, { start: third }),
  // Some 200 and 30 hang at a time.
  slow: arriving(100, 2 * third, { start: third, exec: 'slow', vus: 300 }),
  stuck: arriving(10, 2 * third, { start: third, exec: 'stuck', vus: 50 }),
}, {
  'http_req_duration{scenario:slow}': ['med>=2000', 'p(99)<2500'],
  'http_req_duration{scenario:stuck}': ['med>=3000', 'p(99)<3500'],
  given_up_in_time: ['rate==1'],
});

export default function () {
  ask(good(__VU * 31 + __ITER));
}

export function slow() {
  ask(good(__VU), { app: 'app2', path: '/?wait=2000' });
}

// The runner has the gateway wait three seconds for an upstream.
export function stuck() {
  given_up.add(ask(good(__VU), { app: 'app2', path: '/?wait=8000', status: [504] }).status === 504);
}
