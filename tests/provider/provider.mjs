// A certified OpenID provider (npm oidc-provider) on a loopback port of its own. The task comes as JSON in the first
// argument: clients, the file with the people (read at each sign-in), where claims stand ("id_token" or "userinfo").
// It prints {"issuer": ...} when it is ready and ends with its standard input.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const task = JSON.parse(process.argv[2]);
const key = (type, options, more) =>
  ({ ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), use: 'sig', ...more });

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: task.clients,
    jwks: { keys: [key('rsa', { modulusLength: 2048 }, { kid: 'rsa' }), key('ec', { namedCurve: 'P-256' }, { kid: 'ec' })] },
    cookies: { keys: ['of a test alone'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
    scopes: ['openid', 'email', 'groups'],
    conformIdTokenClaims: task.claims === 'userinfo',
    features: { devInteractions: { enabled: true } },
    pkce: { methods: ['S256'], required: () => true },
    findAccount: (_, id) => {
      const person = JSON.parse(readFileSync(task.people, 'utf8'))[id];
      return person && { accountId: id, claims: () => ({ sub: id, ...person }) };
    },
  });
  server.on('request', provider.callback());
  console.log(JSON.stringify({ issuer }));
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
