// A mail server as a department might run one: npm `smtp-server`, whose code nobody here wrote; what it was sent is read by
// npm `postal-mime`. crates/server/tests/staff/mail.rs starts it.
//
// Arguments: one JSON text { tls?: "starttls" | "tls", user?, pass? }. Its key is tests/fixtures/smtp/localhost.key.pem, of a
// self-signed certificate that is good for nothing but this.
// The first line it prints is { port }. Each line of its standard input is a JSON command, answered by one line:
//   { "do": "mails" }                 what it has: [{ from, to, user, secure, raw, subject, text, headers }]
//   { "do": "say", "to": "rcpt" | "data", "code": 451 | 550 | ... }   that reply from now on; code 0: takes mail again
//   { "do": "break" }                 takes the next mail and breaks the line instead of saying so
//   { "do": "close" } / { "do": "open" }   ends listening / listens again, at the same port
// It ends when its standard input does.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';

const told = JSON.parse(process.argv[2]);
const pem = (name) => readFileSync(new URL(`../fixtures/smtp/localhost.${name}.pem`, import.meta.url));
const mails = [];
let replies = {};
let breaks = false;

function refusal(code) {
  const error = new Error('as the test wants it');
  error.responseCode = code;
  return error;
}

function make() {
  const disabled = [...(told.tls === 'starttls' ? [] : ['STARTTLS']), ...(told.user ? [] : ['AUTH'])];
  const server = new SMTPServer({
    secure: told.tls === 'tls',
    ...(told.tls ? { key: pem('key'), cert: pem('crt') } : {}),
    disabledCommands: disabled,
    authOptional: !told.user,
    disableReverseLookup: true,
    onAuth(auth, session, done) {
      const right = auth.username === told.user && auth.password === told.pass;
      done(right ? null : refusal(535), right ? { user: auth.username } : undefined);
    },
    onRcptTo(address, session, done) {
      done(replies.rcpt ? refusal(replies.rcpt) : null);
    },
    onData(stream, session, done) {
      const parts = [];
      stream.on('data', (part) => parts.push(part)).on('end', async () => {
        if (replies.data) {
          done(refusal(replies.data));
          return;
        }
        const raw = Buffer.concat(parts);
        const read = await PostalMime.parse(raw);
        mails.push({
          from: session.envelope.mailFrom.address,
          to: session.envelope.rcptTo.map((to) => to.address),
          user: session.user ?? null,
          secure: session.secure,
          raw: raw.toString('latin1'),
          subject: read.subject,
          text: read.text,
          headers: read.headers.map((header) => header.key),
        });
        if (breaks) {
          breaks = false;
          for (const connection of server.connections) connection._socket.destroy();
          return;
        }
        done();
      });
    },
  });
  server.on('error', () => {});
  return server;
}

function listen(server, port) {
  return new Promise((resolve) => { server.listen(port, '127.0.0.1', () => resolve(server.server.address().port)); });
}

let server = make();
const port = await listen(server, 0);
console.log(JSON.stringify({ port }));

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  let answer = {};
  switch (command.do) {
    case 'mails': answer = mails; break;
    case 'say': replies = command.code ? { [command.to]: command.code } : {}; break;
    case 'break': breaks = true; break;
    case 'close':
      await new Promise((resolve) => { server.close(resolve); for (const c of server.connections) c._socket.destroy(); });
      break;
    case 'open': server = make(); await listen(server, port); break;
    default: throw new Error(`no such command: ${line}`);
  }
  console.log(JSON.stringify(answer));
}
process.exit(0);
