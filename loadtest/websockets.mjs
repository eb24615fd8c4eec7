#!/usr/bin/env node
// Ten thousand open WebSockets of a hundred subjects: websockets.mjs [OUTPUT]
//
// One subject is revoked, one partner blocked, one token expires: when do the right ones close, measured from the acknowledgement
// of the change (or the end of the token), does any other, and does the traffic of the others have a gap? The app sends each socket a
// frame a second. `SOCKETS`, `SUBJECTS` and `INTERVAL` (milliseconds) set other numbers: a process needs two file descriptors for each socket. `PROGRAMS` is the folder
// of a release build. Builds nothing; everything is on loopback and ends with the script.
import { fork, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const SELF = fileURLToPath(import.meta.url);
const INTERVAL = Number(process.env.INTERVAL ?? 1000);
const SLICES = 100;
// Milliseconds within which 99 of 100 are to be closed.
const LONGEST = 100;
const WATCHED = Math.max(3000, 1.5 * INTERVAL);
// What clocks may differ by: a token ends so much later than it says.
const SKEW = 60;
const SECRET = `cgx_${'x'.repeat(43)}`;
const sleep = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
const epoch = () => performance.timeOrigin + performance.now();

/** The app: sends each socket a frame in each interval, a hundredth of them at a time. */
function app() {
  const slices = Array.from({ length: SLICES }, () => new Set());
  const frame = Buffer.from([0x82, 4, 1, 2, 3, 4]);
  let opened = 0;
  const server = http.createServer((request, response) => { response.end(); });
  server.on('upgrade', (request, socket) => {
    const key = request.headers['sec-websocket-key'];
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    const slice = slices[opened++ % SLICES];
    slice.add(socket);
    socket.on('error', () => {}).on('close', () => slice.delete(socket)).resume();
  });
  let next = 0;
  setInterval(() => {
    // As many as are due: a timer that is late must not make a gap.
    for (const due = performance.now() / (INTERVAL / SLICES); next < due; next += 1) {
      for (const socket of slices[Math.floor(next) % SLICES]) socket.write(frame);
    }
  }, 5);
  server.listen(0, '127.0.0.1', 65535, () => process.send(server.address().port));
}

/** One client's end. */
class Client {
  constructor(port, host, token, subject) {
    Object.assign(this, { subject, last: 0, gap: 0, closed: null, code: null });
    this.opened = new Promise((resolve, reject) => {
      this.socket = net.connect(port, '127.0.0.1', () => {
        this.socket.setNoDelay(true);
        this.socket.write(`GET /socket HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nConnection: Upgrade\r\n`
          + 'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
      });
      let head = '';
      this.socket.on('data', (data) => {
        if (head !== null) {
          head += data.toString('latin1');
          if (!head.includes('\r\n\r\n')) return;
          if (!head.startsWith('HTTP/1.1 101')) reject(new Error(head.split('\r\n')[0]));
          head = null;
          this.last = epoch();
          resolve();
          return;
        }
        this.heard(data);
      });
      this.socket.on('error', (error) => { this.ended(error.code); reject(error); });
      this.socket.on('close', () => this.ended('closed'));
    });
  }

  /** Frames are short and come whole, or the last one behind another. */
  heard(data) {
    const now = epoch();
    if (data[0] === 0x82) {
      this.gap = Math.max(this.gap, now - this.last);
      this.last = now;
      data = data.subarray(6 * Math.floor(data.lastIndexOf(0x82) / 6 + 1));
    }
    if (data[0] === 0x88) this.ended(data.readUInt16BE(2));
  }

  ended(code) {
    if (this.closed !== null) return;
    this.closed = epoch();
    this.code = code;
    // Later: what this end does then takes from a core that others are still closed on.
    setTimeout(() => this.socket.end(), 1000);
  }
}

const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
const tenantOf = (issuer) => /[0-9a-f-]{36}/u.exec(issuer)[0];

function run(...command) {
  const done = spawnSync(command[0], command.slice(1), { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${command[0]} failed: ${done.stderr}${done.stdout}`);
}

async function call(port, method, target, body) {
  const began = performance.now();
  const answer = await fetch(`http://127.0.0.1:${port}/v1.0/${target}`, {
    method,
    body: JSON.stringify(body),
    headers: { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json', 'crossgate-confirm-lock-out': 'true' },
  });
  const acknowledged = epoch();
  const said = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${target} answers ${answer.status}: ${said}`);
  return { acknowledged, took: performance.now() - began };
}

const memory = (pid) => Number(/VmRSS:\s+(\d+)/u.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const round = (number) => Math.round(number * 10) / 10;

/** Makes a change and watches who closes. `change` answers when it was acknowledged. */
async function watch(name, clients, hit, change) {
  const open = clients.filter((client) => client.closed === null);
  const right = new Set(open.filter(hit));
  for (const client of open) client.gap = 0;
  await sleep(WATCHED);
  const quiet = Math.max(...open.map((client) => client.gap));
  for (const client of open) client.gap = 0;
  const { acknowledged, took } = await change();
  await sleep(WATCHED);
  const now = epoch();
  const others = open.filter((client) => !right.has(client));
  const closings = [...right].map((client) => client.closed - acknowledged).sort((one, other) => one - other);
  return {
    name,
    right: right.size,
    missed: [...right].filter((client) => client.code !== 1008).length,
    wrong: others.filter((client) => client.closed !== null).length,
    others: others.length,
    change_ms: round(took),
    closed_after_ms: { p50: round(at(closings, 0.5)), p99: round(at(closings, 0.99)), worst: round(closings.at(-1)) },
    largest_gap_ms: round(Math.max(...others.map((client) => Math.max(client.gap, now - client.last)))),
    largest_gap_before_ms: round(quiet),
  };
}

async function main(output) {
  const sockets = Number(process.env.SOCKETS ?? 10_000);
  const subjects = Number(process.env.SUBJECTS ?? 100);
  const programs = path.resolve(process.env.PROGRAMS ?? path.join(path.dirname(SELF), '../target/release'));
  const folder = mkdtempSync(path.join(os.tmpdir(), 'crossgate-websockets-'));
  const site = path.join(folder, 'site');
  const children = [];
  try {
    const upstream = fork(SELF, ['app']);
    children.push(upstream);
    const behind = await new Promise((resolve) => { upstream.once('message', resolve); });
    const [listen, admin, metrics] = [20_101, 20_102, 20_103];
    const set = [path.join(programs, 'crossgate-stage'), site];
    const lifetime = Number(process.env.LIFETIME ?? 30);
    run(...set, '--partners', 20, '--guests', 1000, '--tokens', subjects - 1, '--bad-tokens', 1, '--rotated-tokens', 1,
      '--brief-tokens', 1, '--brief-lifetime', lifetime);
    run(...set, '--keep', '--listen', `127.0.0.1:${listen}`, '--admin', `127.0.0.1:${admin}`, '--metrics', `127.0.0.1:${metrics}`,
      '--upstream', `http://127.0.0.1:${behind}`, '--workers', 1);
    const config = path.join(site, 'crossgate.toml');
    const text = readFileSync(config, 'utf8').replace('dir:policy', 'sqlite:policy.db');
    writeFileSync(config, `${text}\n[admin]\nbreak_glass_file = "break-glass"\n`);
    writeFileSync(path.join(site, 'break-glass'), `sha256:${createHash('sha256').update(SECRET).digest('hex')}\n`);
    const program = path.join(programs, 'crossgate');
    run(program, 'policy', 'import', '--config', config, path.join(site, 'policy'));
    const gateway = spawn(program, ['run', '--config', config], { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, CROSSGATE_LOG: 'error' } });
    children.push(gateway);
    const ready = () => fetch(`http://127.0.0.1:${metrics}/readyz`).then((answer) => answer.ok, () => false);
    while (!await ready()) await sleep(50);

    const lines = (name) => readFileSync(path.join(site, 'tokens', name), 'utf8').trim().split('\n');
    const brief = lines('brief')[0];
    const tokens = [brief, ...lines('good')];
    const { hosts } = JSON.parse(readFileSync(path.join(site, 'stage.json'), 'utf8'));
    const before = memory(gateway.pid);
    const clients = [];
    for (let made = 0; made < sockets; made += 50) {
      const some = Array.from({ length: Math.min(50, sockets - made) }, (_, number) => {
        const token = tokens[(made + number) % tokens.length];
        return new Client(listen, hosts[0], token, token);
      });
      await Promise.all(some.map((client) => client.opened));
      clients.push(...some);
    }
    await sleep(2 * INTERVAL);
    const found = { sockets, subjects, interval_ms: INTERVAL, bytes_each: Math.round((memory(gateway.pid) - before) / sockets), changes: [] };
    console.log(`${sockets} WebSockets of ${subjects} subjects are open, ${found.bytes_each} bytes each`);
    if (process.env.MEMORY_ONLY) return;
    const tell = (change) => {
      found.changes.push(change);
      const { p50, p99, worst } = change.closed_after_ms;
      console.log(`${change.name}: ${change.right} closed ${p50}, ${p99}, ${worst} ms (p50, p99, worst) after it was acknowledged, `
        + `${change.missed} missed, ${change.wrong} wrong ones; largest gap of ${change.others} others ${change.largest_gap_ms} ms, `
        + `${change.largest_gap_before_ms} before; the change itself took ${change.change_ms} ms`);
    };
    const ends = (claims(brief).exp + SKEW) * 1000;
    if (ends < epoch() + 2 * WATCHED) throw new Error('the brief token ends too soon: set LIFETIME');
    const expiry = async () => { await sleep(ends - epoch()); return { acknowledged: ends, took: 0 }; };
    await sleep(ends - epoch() - 1.5 * WATCHED);
    tell(await watch('a token expires', clients, (client) => client.subject === brief, expiry));
    const user = claims(tokens[2]).oid;
    tell(await watch('a subject is revoked', clients, (client) => client.subject === tokens[2],
      () => call(admin, 'POST', `users/${user}/revokeSignInSessions`, {})));
    const tenant = tenantOf(claims(tokens[3]).idp);
    const blocked = (kind) => ({ accessType: 'blocked', targets: [kind] });
    tell(await watch('a partner is blocked', clients, (client) => tenantOf(claims(client.subject).idp) === tenant,
      () => call(admin, 'PATCH', `policies/crossTenantAccessPolicy/partners/${tenant}`, { b2bCollaborationInbound: {
        usersAndGroups: blocked({ target: 'AllUsers', targetType: 'user' }),
        applications: blocked({ target: 'AllApplications', targetType: 'application' }) } })));
    if (output) writeFileSync(output, `${JSON.stringify(found, null, 1)}\n`);
    const isWrong = ({ missed, wrong, right }) => missed || wrong || right === 0;
    const isShort = ({ closed_after_ms: { p99 }, largest_gap_ms: gap, largest_gap_before_ms: before }) => p99 > LONGEST || gap > before + INTERVAL / 2;
    for (const change of found.changes.filter(isShort)) console.log(`${change.name}: short of the bar`);
    if (found.changes.some((change) => isWrong(change) || isShort(change))) process.exitCode = 1;
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    // Sockets that are still open would keep the script.
    setImmediate(() => process.exit());
  }
}

if (process.argv[2] === 'app') app();
else await main(process.argv[2]);
