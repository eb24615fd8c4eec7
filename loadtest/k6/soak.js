// Long soak: 10,000 tokens, one request in ten bad, while the runner changes the policy every second and watches the gateway's memory.
import exec from 'k6/execution';
import { RATE, SECONDS, arriving, ask, plan, tokens } from './lib.js';

export { handleSummary } from './lib.js';

const good = tokens('good');
const bad = tokens('bad');

export const options = plan({ soak: arriving(RATE, SECONDS) });

export default function () {
  const turn = exec.scenario.iterationInTest;
  if (turn % 10) ask(good(turn), { status: [200, 403] });
  else ask(bad(turn / 10), { status: [401] });
}
