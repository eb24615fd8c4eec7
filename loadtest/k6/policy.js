// The policy changes ten times a second, each time for one partner: blocked, let in again. Everybody else passes all the while, and
// the partner's guest meets both rules.
import { Counter, Gauge } from 'k6/metrics';
import { RATE, SECONDS, arriving, ask, metric, plan, tokens } from './lib.js';

export { handleSummary } from './lib.js';

// The first token's guest is the partner's; the others come from other partners, because a partner has one guest in a thousand.
const good = tokens('good', 400);
const passed = new Counter('partner_let_in');
const blocked = new Counter('partner_refused');
const changes = new Gauge('changes_a_second');
const errors = new Gauge('changes_refused');

export const options = plan({
  others: arriving(RATE, SECONDS),
  partner: arriving(50, SECONDS, { exec: 'partner', vus: 8 }),
}, {
  partner_let_in: ['count>0'],
  partner_refused: ['count>0'],
  // Of ten, because two that fall together are one.
  changes_a_second: ['value>=9'],
  changes_refused: ['value==0'],
});

const reloads = (result) => metric(`crossgate_policy_reloads_total{result="${result}"}`);

export function setup() {
  return { begun: Date.now(), success: reloads('success') };
}

export default function () {
  ask(good(1 + ((__VU * 31 + __ITER) % (good.count - 1))));
}

export function partner() {
  const { status } = ask(good(0), { status: [200, 403] });
  if (status === 200) passed.add(1);
  if (status === 403) blocked.add(1);
}

export function teardown({ begun, success }) {
  changes.add((reloads('success') - success) / ((Date.now() - begun) / 1000));
  errors.add(reloads('error'));
}
