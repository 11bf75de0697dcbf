// openid-client and oauth4webapi prove who they are: by statements that they sign, and by certificates.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';

import { temporaryFolder } from './lib/folder.mjs';
import { certificateText, fetchAs } from './lib/mutual.mjs';
import { Provider } from './lib/provider.mjs';

let provider;
let mutual;

before(async () => {
  [provider, mutual] = await Promise.all([Provider.start(), Provider.startMutual()]);
  for (const each of [provider, mutual]) await each.createApi('https://notes.example', 'notes:read');
});

after(async () => await Promise.all([provider?.stop(), mutual?.stop()]));

/** Registers an application that acts for itself. */
async function register(at, metadata) {
  const file = join(temporaryFolder(), 'metadata.json');
  const whole = { grant_types: ['client_credentials'], response_types: [], scope: 'notes:read', ...metadata };
  writeFileSync(file, JSON.stringify(whole));
  const registered = await at.createClient('Notes', '--metadata', file);
  await at.noticed();
  return registered;
}

async function discover(registered, authentication, metadata) {
  const execute = [client.allowInsecureRequests];
  return await client.discovery(new URL(provider.issuer), registered.client_id, metadata, authentication, { execute });
}

const algorithms = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
  Ed25519: { name: 'Ed25519' },
};

for (const [alg, algorithm] of Object.entries(algorithms)) {
  test(`openid-client proves itself by private_key_jwt with ${alg}`, async () => {
    const { publicKey, privateKey } = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const jwk = await crypto.subtle.exportKey('jwk', publicKey);
    const keys = [{ kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y, n: jwk.n, e: jwk.e, kid: 'one', use: 'sig' }];
    const registered = await register(provider, { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys } });
    assert.equal(registered.client_secret, null);
    const authentication = client.PrivateKeyJwt({ key: privateKey, kid: 'one' });
    const tokens = await client.clientCredentialsGrant(await discover(registered, authentication));
    assert.equal(tokens.scope, 'notes:read');
    const { privateKey: other } = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const impostor = await discover(registered, client.PrivateKeyJwt({ key: other, kid: 'one' }));
    await assert.rejects(client.clientCredentialsGrant(impostor), { error: 'invalid_client', status: 401 });
  });
}

test('openid-client proves itself by client_secret_jwt', async () => {
  const registered = await register(provider, { token_endpoint_auth_method: 'client_secret_jwt' });
  const config = await discover(registered, client.ClientSecretJwt(registered.client_secret));
  assert.equal((await client.clientCredentialsGrant(config)).scope, 'notes:read');
  const wrong = await discover(registered, client.ClientSecretJwt('x'.repeat(64)));
  await assert.rejects(client.clientCredentialsGrant(wrong), { error: 'invalid_client', status: 401 });
  const plain = await discover(registered, client.ClientSecretPost(registered.client_secret));
  await assert.rejects(client.clientCredentialsGrant(plain), { error: 'invalid_client', status: 401 });
});

test('oauth4webapi proves itself by private_key_jwt and client_secret_jwt', async () => {
  const issuer = new URL(provider.issuer);
  const insecure = { [oauth.allowInsecureRequests]: true };
  const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
  const ask = async (who, authentication) => {
    const parameters = new URLSearchParams({ scope: 'notes:read' });
    const answer = await oauth.clientCredentialsGrantRequest(server, who, authentication, parameters, insecure);
    return await oauth.processClientCredentialsResponse(server, who, answer);
  };
  const { publicKey, privateKey } = await oauth.generateKeyPair('ES256');
  const jwk = await crypto.subtle.exportKey('jwk', publicKey);
  const jwks = { keys: [{ kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y }] };
  const signing = await register(provider, { token_endpoint_auth_method: 'private_key_jwt', jwks });
  assert.ok((await ask({ client_id: signing.client_id }, oauth.PrivateKeyJwt(privateKey))).access_token);
  const secret = await register(provider, { token_endpoint_auth_method: 'client_secret_jwt' });
  assert.ok((await ask({ client_id: secret.client_id }, oauth.ClientSecretJwt(secret.client_secret))).access_token);
});

/** openid-client over TLS, with the certificate of that name. */
async function discoverMutually(registered, name, metadata = {}) {
  const issuer = new URL(mutual.issuer);
  const options = { [client.customFetch]: fetchAs(name) };
  const all = { use_mtls_endpoint_aliases: true, ...metadata };
  return await client.discovery(issuer, registered.client_id, all, client.TlsClientAuth(), options);
}

/** What the access token says; its signature is not the matter here. */
const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());

test('openid-client proves itself by a certificate that an authority issued, and its tokens are bound to it', async () => {
  const registered = await register(mutual, {
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_subject_dn: 'CN=billing,O=Example',
    tls_client_certificate_bound_access_tokens: true,
  });
  const config = await discoverMutually(registered, 'client');
  assert.notEqual(config.serverMetadata().mtls_endpoint_aliases.token_endpoint, config.serverMetadata().token_endpoint);
  const tokens = await client.clientCredentialsGrant(config);
  assert.match(claims(tokens.access_token).cnf['x5t#S256'], /^[\w-]{43}$/);
  for (const other of [undefined, 'own']) {
    const refused = client.clientCredentialsGrant(await discoverMutually(registered, other));
    await assert.rejects(refused, { error: 'invalid_client', status: 401 });
  }
});

test('openid-client proves itself by a certificate of its own making', async () => {
  const { publicKey } = await crypto.subtle.generateKey(algorithms.ES256, true, ['sign', 'verify']);
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
  const jwks = { keys: [{ kty, crv, x, y, x5c: [certificateText('own')] }] };
  const registered = await register(mutual, { token_endpoint_auth_method: 'self_signed_tls_client_auth', jwks });
  const tokens = await client.clientCredentialsGrant(await discoverMutually(registered, 'own'));
  assert.equal(tokens.scope, 'notes:read');
  const refused = client.clientCredentialsGrant(await discoverMutually(registered, 'client'));
  await assert.rejects(refused, { error: 'invalid_client', status: 401 });
});
