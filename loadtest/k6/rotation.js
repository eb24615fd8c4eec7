// An issuer's keys are rotated as issuers do: the new one is published beside the old (ADDED_AT), callers come with new tokens, the
// old one is taken back (REMOVED_AT). No caller who keeps to that is refused; before its time a new token is, and afterwards an old
// one, cached or not.
import { Counter, Rate } from 'k6/metrics';
import { RATE, SECONDS, arriving, ask, plan, tokens } from './lib.js';

export { handleSummary } from './lib.js';

const old = tokens('good', 500);
const fresh = tokens('rotated', 500);
const added = Number(__ENV.ADDED_AT);
const removed = Number(__ENV.REMOVED_AT);
// From the file's change to the keys' being in force.
const GRACE = 1000;
const as_due = new Rate('refused_exactly_when_due');
const seen = {
  old: { 200: new Counter('old_let_in'), 401: new Counter('old_refused') },
  fresh: { 200: new Counter('new_let_in'), 401: new Counter('new_refused') },
};

export const options = plan({
  callers: arriving(RATE, SECONDS),
  watchers: arriving(50, SECONDS, { exec: 'watch', vus: 8 }),
}, {
  refused_exactly_when_due: ['rate==1'],
  old_let_in: ['count>0'],
  old_refused: ['count>0'],
  new_let_in: ['count>0'],
  new_refused: ['count>0'],
});

export default function () {
  const mine = Date.now() < (added + GRACE + removed) / 2 ? old : fresh;
  ask(mine(__VU * 31 + __ITER));
}

export function watch() {
  const kind = __ITER % 2 ? 'old' : 'fresh';
  const set = kind === 'old' ? old : fresh;
  const begun = Date.now();
  const { status } = ask(set(__ITER), { status: [200, 401] });
  const ended = Date.now();
  const [turn, before] = kind === 'old' ? [removed, 200] : [added, 401];
  let due = [200, 401];
  if (ended < turn) due = [before];
  if (begun > turn + GRACE) due = [601 - before];
  as_due.add(due.includes(status));
  seen[kind][status]?.add(1);
}
