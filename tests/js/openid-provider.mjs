// An OpenID Connect provider as a department might run one: npm `oidc-provider`, whose code nobody here wrote, with a fresh
// RSA key, PKCE required, and its own forms for signing in. crates/server/tests/staff/provider.rs starts it.
//
// Arguments: one JSON text { client_id, client_secret, redirect_uri, post_logout_redirect_uri }. The first line it prints is
// { issuer }. What it knows of people is put to /test/accounts as JSON: { subject: { claim: value } }; the login that is
// typed is the subject. It ends when its standard input does.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

const told = JSON.parse(process.argv[2]);
let accounts = {};

const server = createServer();
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const provider = new Provider(issuer, {
  clients: [{
    client_id: told.client_id,
    client_secret: told.client_secret,
    redirect_uris: [told.redirect_uri],
    post_logout_redirect_uris: [told.post_logout_redirect_uri],
    response_types: ['code'],
    grant_types: ['authorization_code'],
  }],
  claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'roles', 'schools'] },
  // As most providers do it: what a scope brings stands in the ID token, not at `userinfo` alone.
  conformIdTokenClaims: false,
  cookies: { keys: ['not a secret: this provider lives for a test'] },
  findAccount: (_, subject) => accounts[subject] && {
    accountId: subject,
    claims: () => ({ sub: subject, ...accounts[subject] }),
  },
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'test' }] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
});

const answer = provider.callback();
server.on('request', (request, response) => {
  if (request.method !== 'PUT' || request.url !== '/test/accounts') {
    answer(request, response);
    return;
  }
  let text = '';
  request.setEncoding('utf8').on('data', (part) => { text += part; }).on('end', () => {
    accounts = JSON.parse(text);
    response.writeHead(204).end();
  });
});
process.stdin.on('end', () => process.exit(0)).resume();
console.log(JSON.stringify({ issuer }));
