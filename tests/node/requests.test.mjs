// openid-client and oauth4webapi push their requests (RFC 9126), and sign them (RFC 9101): by value and by reference.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';

import { Application, REDIRECT_URI } from './lib/application.mjs';
import { temporaryFolder } from './lib/folder.mjs';
import { Visitor, walkToCallback } from './lib/pages.mjs';
import { Provider } from './lib/provider.mjs';

const alice = { username: 'alice', email: 'alice@example.com', password: 'correct horse battery staple' };
const insecure = { [oauth.allowInsecureRequests]: true };
let provider;
let server;
let key;
let jwks;
let published = '';
let site;

before(async () => {
  site = createServer((_, answer) => answer.writeHead(200, { 'Content-Type': `application/oauth-authz-req+jwt` }).end(published));
  await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
  provider = await Provider.start('[fetch]\nallow_private_networks = true\n');
  await provider.createUser(alice);
  const { publicKey, privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
  jwks = { keys: [{ kty, crv, x, y, kid: 'one', use: 'sig', alg: 'ES256' }] };
  key = { key: privateKey, kid: 'one' };
  const issuer = new URL(provider.issuer);
  server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
});

after(async () => {
  site?.close();
  await provider?.stop();
});

const requestUri = () => `http://127.0.0.1:${site.address().port}/request.jwt`;

/** Registers an application with the key, and what is said of it besides. */
async function register(metadata = {}) {
  const file = join(temporaryFolder(), 'metadata.json');
  writeFileSync(file, JSON.stringify({ redirect_uris: [REDIRECT_URI], jwks, ...metadata }));
  const registered = await provider.createClient('Accounting', '--metadata', file);
  await provider.noticed();
  return registered;
}

const discover = ({ client_id, client_secret }) =>
  Application.discover(provider.issuer, client_id, client.ClientSecretBasic(client_secret));

/** What openid-client asks for, and what it checks the answer against. */
async function asked() {
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
    idTokenExpected: true,
  };
  const parameters = {
    redirect_uri: REDIRECT_URI,
    scope: 'openid email',
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
  };
  return { parameters, checks };
}

async function finishes(application, address, checks) {
  const callback = await walkToCallback(new Visitor(REDIRECT_URI), address, alice);
  const tokens = await application.finish(callback, checks);
  assert.equal((await application.userInfo(tokens)).email, alice.email);
  return tokens;
}

test('openid-client pushes its request, and must where that is registered', async () => {
  for (const required of [false, true]) {
    const application = await discover(await register({ require_pushed_authorization_requests: required }));
    const { parameters, checks } = await asked();
    const address = await client.buildAuthorizationUrlWithPAR(application.config, parameters);
    assert.deepEqual([...address.searchParams.keys()].sort(), ['client_id', 'request_uri']);
    await finishes(application, address, checks);
    const again = await new Visitor(REDIRECT_URI).open(address);
    assert.equal(again.status, 400, 'once');
    const plain = await application.begin();
    const page = await new Visitor(REDIRECT_URI).open(plain.address);
    assert.equal(page.callback?.searchParams.get('error') ?? null, required ? 'invalid_request' : null);
  }
});

test('openid-client is told at once what is wrong with a pushed request', async () => {
  const application = await discover(await register());
  const { parameters } = await asked();
  const wrong = { ...parameters, redirect_uri: 'https://evil.example/' };
  await assert.rejects(client.buildAuthorizationUrlWithPAR(application.config, wrong), { error: 'invalid_request', status: 400 });
});

test('openid-client signs its request', async () => {
  for (const metadata of [{}, { require_signed_request_object: true }, { request_object_signing_alg: 'ES256' }]) {
    const application = await discover(await register(metadata));
    const { parameters, checks } = await asked();
    const address = await client.buildAuthorizationUrlWithJAR(application.config, parameters, key);
    await finishes(application, address, checks);
    // Whoever holds the browser adds to it in vain.
    const more = await asked();
    const signed = await client.buildAuthorizationUrlWithJAR(application.config, more.parameters, key);
    signed.searchParams.set('state', 'evil');
    signed.searchParams.set('scope', 'openid');
    await finishes(application, signed, more.checks);
  }
});

test('a request that another key signed is refused', async () => {
  const application = await discover(await register());
  const { parameters } = await asked();
  const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const address = await client.buildAuthorizationUrlWithJAR(application.config, parameters, { key: privateKey, kid: 'one' });
  const page = await new Visitor(REDIRECT_URI).open(address);
  assert.equal(page.callback?.searchParams.get('error'), 'invalid_request_object');
});

test('openid-client pushes a signed request', async () => {
  const application = await discover(await register({ require_signed_request_object: true, require_pushed_authorization_requests: true }));
  const { parameters, checks } = await asked();
  const signed = await client.buildAuthorizationUrlWithJAR(application.config, parameters, key);
  const address = await client.buildAuthorizationUrlWithPAR(application.config, signed.searchParams);
  await finishes(application, address, checks);
});

test('openid-client pushes with DPoP, and the code is for that key alone', async () => {
  const application = await discover(await register());
  for (const same of [true, false]) {
    const { parameters, checks } = await asked();
    const first = client.getDPoPHandle(application.config, await client.randomDPoPKeyPair('ES256'));
    const other = client.getDPoPHandle(application.config, await client.randomDPoPKeyPair('ES256'));
    const address = await client.buildAuthorizationUrlWithPAR(application.config, parameters, { DPoP: first });
    const callback = await walkToCallback(new Visitor(REDIRECT_URI), address, alice);
    const exchange = client.authorizationCodeGrant(application.config, callback, checks, undefined, { DPoP: same ? first : other });
    if (same) assert.equal((await exchange).token_type, 'dpop');
    else await assert.rejects(exchange, { error: 'invalid_grant' });
  }
});

/** Signs in with oauth4webapi by whatever address `address` makes of the parameters. */
async function withOauth4webapi(registered, address) {
  const who = { client_id: registered.client_id };
  const proof = oauth.ClientSecretBasic(registered.client_secret);
  const [verifier, state, nonce] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState(), oauth.generateRandomNonce()];
  const parameters = new URLSearchParams({
    client_id: who.client_id,
    response_type: 'code',
    redirect_uri: REDIRECT_URI,
    scope: 'openid email',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  });
  const url = new URL(server.authorization_endpoint);
  url.searchParams.set('client_id', who.client_id);
  await address(url.searchParams, parameters, who, proof);
  const callback = await walkToCallback(new Visitor(REDIRECT_URI), url, alice);
  const answer = oauth.validateAuthResponse(server, who, callback, state);
  const response = await oauth.authorizationCodeGrantRequest(server, who, proof, answer, REDIRECT_URI, verifier, insecure);
  const tokens = await oauth.processAuthorizationCodeResponse(server, who, response, { expectedNonce: nonce, requireIdToken: true });
  assert.equal(tokens.scope, 'email openid');
}

test('oauth4webapi pushes its request', async () => {
  await withOauth4webapi(await register(), async (query, parameters, who, proof) => {
    const response = await oauth.pushedAuthorizationRequest(server, who, proof, parameters, insecure);
    query.set('request_uri', (await oauth.processPushedAuthorizationResponse(server, who, response)).request_uri);
  });
});

test('oauth4webapi signs its request, sent by value', async () => {
  await withOauth4webapi(await register(), async (query, parameters, who) => {
    query.set('request', await oauth.issueRequestObject(server, who, parameters, key));
  });
});

test('oauth4webapi signs its request, which the provider fetches', async () => {
  const registered = await register({ request_uris: [requestUri()] });
  for (const hashed of [false, true]) {
    await withOauth4webapi(registered, async (query, parameters, who) => {
      published = await oauth.issueRequestObject(server, who, parameters, key);
      const hash = createHash('sha256').update(published).digest('base64url');
      query.set('request_uri', hashed ? `${requestUri()}#${hash}` : requestUri());
    });
  }
});
