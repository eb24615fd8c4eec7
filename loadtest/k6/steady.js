// Steady load: one admitted guest over and over.
import { RATE, SECONDS, arriving, ask, plan, tokens } from './lib.js';

export { handleSummary } from './lib.js';

const good = tokens('good', 1);

export const options = plan({ steady: arriving(RATE, SECONDS) });

export default function () {
  ask(good(0));
}
