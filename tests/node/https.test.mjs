// HTTPS by the program itself: HTTP/1.1 and HTTP/2, and certificates that change while it runs.

import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect as shakeHands } from 'node:tls';

import { temporaryFolder } from './lib/folder.mjs';
import { certificatePath, fetchAs } from './lib/mutual.mjs';
import { freePort, Program } from './lib/program.mjs';
import { isReady } from './lib/provider.mjs';

const PATH = '/.well-known/openid-configuration';
const ca = readFileSync(certificatePath('ca.pem'));
const folder = temporaryFolder();
const place = (name, as) => copyFileSync(certificatePath(name), join(folder, as));
let port;
let second;
let program;

before(async () => {
  [port, second] = [await freePort(), await freePort()];
  place('server.pem', 'certificate.pem');
  place('server-key.pem', 'key.pem');
  place('ca.pem', 'ca.pem');
  const issuer = `https://localhost:${port}`;
  const configuration = [
    `[http]\nlisten = "localhost:${port}"\npublic_url = "${issuer}"`,
    '[http.tls]\ncertificate = "certificate.pem"\nkey = "key.pem"',
    `[http.mtls]\nlisten = "localhost:${second}"\nclient_ca = "ca.pem"\n`,
  ];
  writeFileSync(join(folder, 'vestibule.toml'), configuration.join('\n'));
  program = new Program(['serve', '--config', 'vestibule.toml'], { folder });
  await program.until('the provider was ready', () => isReady(issuer, fetchAs()));
});

after(async () => await program?.stop());

/** One request of an HTTP/2 session: its status and its body. */
async function ask(session, headers, body) {
  const stream = session.request(headers, { endStream: body === undefined });
  let status;
  stream.on('response', (answer) => (status = answer[':status']));
  if (body !== undefined) stream.end(body);
  let text = '';
  for await (const chunk of stream) text += chunk;
  return { status, text };
}

/** Whose certificate a new connection is shown. */
async function shown(at) {
  return await new Promise((resolve, reject) => {
    // Which certificate it is, is the question: whether it is to be trusted is asked elsewhere.
    const socket = shakeHands({ host: 'localhost', port: at, servername: 'localhost', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().subject.CN);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('HTTP/2 and HTTP/1.1 are agreed by ALPN, and say the same', async () => {
  const session = connect(`https://localhost:${port}`, { ca });
  const [first, again] = await Promise.all([ask(session, { ':path': PATH }), ask(session, { ':path': '/oauth2/jwks' })]);
  assert.deepEqual([first.status, again.status, session.alpnProtocol], [200, 200, 'h2']);
  session.close();
  const older = await new Promise((resolve, reject) => {
    const asked = request(`https://localhost:${port}${PATH}`, { ca, agent: false, ALPNProtocols: ['http/1.1'] }, async (answer) => {
      let text = '';
      for await (const chunk of answer) text += chunk;
      resolve({ text, version: answer.httpVersion, protocol: answer.socket.alpnProtocol });
    });
    asked.on('error', reject).end();
  });
  assert.deepEqual(older, { text: first.text, version: '1.1', protocol: 'http/1.1' });
});

test('a token is asked for over HTTP/2, and a wrong secret is refused there too', async () => {
  const session = connect(`https://localhost:${port}`, { ca });
  const headers = { ':method': 'POST', ':path': '/oauth2/token', 'content-type': 'application/x-www-form-urlencoded' };
  const proof = { authorization: `Basic ${Buffer.from('nobody:nothing').toString('base64')}` };
  const answer = await ask(session, { ...headers, ...proof }, 'grant_type=client_credentials');
  session.close();
  assert.deepEqual([answer.status, JSON.parse(answer.text).error], [401, 'invalid_client']);
});

test('a renewed certificate is shown to new connections at both listeners, and one that is open goes on', async () => {
  const before = await shown(port);
  const session = connect(`https://localhost:${port}`, { ca });
  assert.equal((await ask(session, { ':path': PATH })).status, 200);
  place('own.pem', 'certificate.pem');
  place('own-key.pem', 'key.pem');
  // Nobody tells it.
  await program.until('the new certificate was shown', async () => (await shown(port)) !== before);
  await program.until('and at the second listener', async () => (await shown(second)) !== before);
  assert.equal((await ask(session, { ':path': PATH })).status, 200);
  session.close();
});

test('at SIGHUP a pair that does not match is logged with its cure, and the old one is kept', async () => {
  const before = await shown(port);
  place('server-key.pem', 'key.pem');
  program.tell('SIGHUP');
  await program.until('it was logged', () => program.log.includes('certificate of before is served on'));
  for (const words of ['certificate.pem', 'key.pem', 'cannot be used', 'the key that belongs to it']) {
    assert.ok(program.log.includes(words), `${words} stands in\n${program.log}`);
  }
  assert.ok(!program.log.includes('PRIVATE KEY'));
  assert.equal(await shown(port), before);
  place('server.pem', 'certificate.pem');
  program.tell('SIGHUP');
  await program.until('the certificate of the beginning was back', async () => (await shown(port)) !== before);
  assert.equal((await fetchAs()(`https://localhost:${port}/health/live`)).status, 200);
});
