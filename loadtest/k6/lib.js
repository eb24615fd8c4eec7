// What the scenarios share: the stage's tokens, one way to ask, bounds that fail a run, and the summary.
import http from 'k6/http';
import { SharedArray } from 'k6/data';

/** Milliseconds that 99 of 100 answers must stay under. */
const P99 = Number(__ENV.P99 || 25);

/** Requests a second, and seconds, of a scenario that does not say otherwise. */
export const RATE = Number(__ENV.RATE || 1000);
export const SECONDS = Number(__ENV.SECONDS || 15);

/** The tokens of a file on the stage, one a line, held once for all connections; a function from a number, taken in turn. */
export function tokens(name, most = Infinity) {
  const lines = () => open(`${__ENV.STAGE}/tokens/${name}`).trim().split('\n').slice(0, most);
  // Objects, because k6 takes half a millisecond to freeze a bare string of this size, character by character.
  const held = new SharedArray(name, () => lines().map((token) => ({ token })));
  const token = (number) => held[number % held.length].token;
  token.count = held.length;
  return token;
}

const expected = {};

/** Asks an app with a token. An answer with another status counts as failed. */
export function ask(token, { app = 'app1', path = '/', status = [200] } = {}) {
  expected[status] ??= http.expectedStatuses(...status);
  return http.get(`${__ENV.TARGET}${path}`, {
    headers: { Host: `${app}.localhost`, Authorization: `Bearer ${token}` },
    responseCallback: expected[status],
    timeout: '10s',
  });
}

/** The sum of a metric of the gateway, over the lines that begin so. */
export function metric(prefix) {
  const page = http.get(`${__ENV.METRICS}/metrics`, { responseType: 'text' }).body;
  const lines = page.split('\n').filter((line) => line.startsWith(prefix));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** Requests that start at a fixed rate, however long the answers take: a slow gateway gets no respite. */
export function arriving(rate, seconds, { exec, start = 0, vus = 64 } = {}) {
  return {
    executor: 'constant-arrival-rate',
    rate,
    timeUnit: '1s',
    duration: `${seconds}s`,
    startTime: `${start}s`,
    preAllocatedVUs: vus,
    maxVUs: vus,
    gracefulStop: '11s',
    ...(exec ? { exec } : {}),
  };
}

/** Options in which no request fails, the load is really put (nine tenths of it at least), and each scenario stays under P99. */
export function plan(scenarios, thresholds = {}) {
  const bounds = { http_req_failed: ['rate==0'] };
  for (const [name, { rate, duration }] of Object.entries(scenarios)) {
    bounds[`http_req_duration{scenario:${name}}`] = [`p(99)<${P99}`];
    if (rate) bounds[`http_reqs{scenario:${name}}`] = [`count>=${Math.floor(0.9 * rate * parseInt(duration, 10))}`];
  }
  return {
    discardResponseBodies: true,
    // k6 spends less of its core on what nobody reads.
    systemTags: ['scenario', 'status'],
    summaryTrendStats: ['med', 'p(99)', 'max'],
    scenarios,
    thresholds: { ...bounds, ...thresholds },
  };
}

/** Prints what was bounded, and writes it all where RESULTS says. */
export function handleSummary({ metrics }) {
  const figures = ({ type, values }) => {
    if (type === 'trend') return `p50 ${values.med.toFixed(2)} ms, p99 ${values['p(99)'].toFixed(2)} ms`;
    if (type === 'rate') return `${values.rate.toFixed(4)} of ${values.passes + values.fails}`;
    return type === 'gauge' ? values.value.toFixed(3) : `${values.count}`;
  };
  const lines = Object.entries(metrics).filter(([, { thresholds }]) => thresholds).map(([name, metric]) => {
    const bounds = Object.entries(metric.thresholds).map(([bound, { ok }]) => `${ok ? 'holds' : 'BROKEN'}: ${bound}`);
    return `  ${name.padEnd(38)} ${figures(metric).padEnd(34)} ${bounds.join('; ')}\n`;
  });
  const files = { stdout: lines.sort().join('') };
  if (__ENV.RESULTS) files[__ENV.RESULTS] = `${JSON.stringify(metrics, null, 1)}\n`;
  return files;
}
