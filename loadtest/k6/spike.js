// Spike: ten times the load within a moment, on connections that are all new, and calm again. Nothing fails, and the gateway is
// as quick after it as before.
import { RATE, SECONDS, arriving, ask, plan, tokens } from './lib.js';

export { handleSummary } from './lib.js';

const good = tokens('good', 1000);
const third = Math.max(3, Math.floor(SECONDS / 3));
const calm = Math.ceil(RATE / 4);

export const options = plan({
  before: arriving(calm, third),
  spike: arriving(calm * 10, third, { start: third, vus: 500 }),
  after: arriving(calm, third, { start: 2 * third }),
}, {
  // It may be slower, within bounds, while 500 connections are made.
  'http_req_duration{scenario:spike}': ['p(99)<500'],
});

export default function () {
  ask(good(__VU * 31 + __ITER));
}
