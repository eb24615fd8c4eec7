// Steady load: one admitted guest, many connections. Fails when a request fails or the gateway is slow beyond reason.
import http from 'k6/http';
import { check } from 'k6';

const token = __ENV.TOKEN;

export const options = {
  scenarios: {
    steady: {
      executor: 'constant-vus',
      vus: Number(__ENV.CONNECTIONS || 32),
      duration: __ENV.DURATION || '20s',
      gracefulStop: '5s',
    },
  },
  thresholds: {
    http_req_failed: ['rate==0'],
    checks: ['rate==1'],
    http_req_duration: ['p(99)<500'],
  },
};

export default function () {
  const answer = http.get(`${__ENV.TARGET}/`, {
    headers: { Host: __ENV.APP_HOST, Authorization: `Bearer ${token}` },
  });
  check(answer, { 'the guest is let in': (r) => r.status === 200 });
}
