// A real mail server, `smtp-server` with `mailparser`: it takes mail for everybody and delivers none. Control calls say
// what came, and make it refuse. It has no TLS, and takes any password but `wrong` from who signs in.
//
// Control calls: `/control/mails`, `/control/fail`.
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { control, listen, ready } from './lib/loopback.mjs';

const mails = [];
let failing = 0;

function refuse(code, message) {
  return Object.assign(new Error(message), { responseCode: code });
}

const addresses = (found) => [found ?? []].flat().flatMap(({ value }) => value.map(({ address }) => address));

async function take(stream, { envelope, user }) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  if (failing > 0) {
    failing -= 1;
    // As servers do, it says for whom.
    throw refuse(550, `No mailbox here for ${envelope.rcptTo.map(({ address }) => address).join()}`);
  }
  const raw = Buffer.concat(chunks);
  const read = await simpleParser(raw);
  mails.push({
    envelope: { from: envelope.mailFrom.address, to: envelope.rcptTo.map(({ address }) => address) },
    user: user ?? null,
    from: read.from?.value ?? [],
    to: addresses(read.to),
    copies: [...addresses(read.cc), ...addresses(read.bcc)],
    subject: read.subject ?? null,
    text: read.text ?? null,
    html: read.html || null,
    headers: Object.fromEntries(read.headerLines.map(({ key, line }) => [key, line.slice(line.indexOf(':') + 1).trim()])),
    raw: raw.toString('latin1'),
  });
}

const server = new SMTPServer({
  authOptional: true,
  allowInsecureAuth: true,
  hideSTARTTLS: true,
  disabledCommands: ['STARTTLS'],
  disableReverseLookup: true,
  onAuth: ({ username, password }, _session, answer) => {
    if (password === 'wrong') answer(refuse(535, 'Wrong password'));
    else answer(null, { user: username });
  },
  onData: (stream, session, answer) => { take(stream, session).then(() => answer(), answer); },
});
// Clients that go away in the middle of a sentence are none of its worries.
server.on('error', () => {});

const port = await listen(server.server);

const controlAddress = await control({
  // {to}: what came for one address, or for all: {envelope: {from, to}, user, from: [{address, name}], to, copies, subject,
  // text, html, headers, raw}, in the order in which it came.
  '/control/mails': ({ to }) => ({ mails: mails.filter(({ envelope }) => !to || envelope.to.includes(to)) }),
  // {times}: refuses so many of the next mails, 1 where not said.
  '/control/fail': ({ times = 1 }) => { failing = times; },
});

ready({ port: String(port), control: controlAddress });
