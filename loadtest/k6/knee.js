// One step on the way to the knee: RATE requests a second for SECONDS, beside what else comes. Writes `p99-in-ms reached-rate failed` to
// STEP; the runner judges.
import { RATE, SECONDS, arriving, ask, plan, tokens } from './lib.js';

const good = tokens('good', 1000);
const { thresholds, ...options } = plan({
  // The first second makes connections and fills caches.
  warm: arriving(RATE, 1, { vus: 48 }),
  knee: arriving(RATE, SECONDS, { start: 1, vus: 48 }),
});
// Named so that the summary has them; a step that is too steep is no failure.
options.thresholds = {
  'http_req_duration{scenario:knee}': ['p(99)>=0'],
  'http_reqs{scenario:knee}': ['count>=0'],
  'http_req_failed{scenario:knee}': ['rate>=0'],
};
export { options };

export default function () {
  ask(good(__VU * 31 + __ITER));
}

export function handleSummary({ metrics }) {
  const of = (name) => metrics[`${name}{scenario:knee}`].values;
  const rate = of('http_reqs').count / SECONDS;
  return { [__ENV.STEP]: `${of('http_req_duration')['p(99)']} ${rate} ${of('http_req_failed').passes}\n` };
}
