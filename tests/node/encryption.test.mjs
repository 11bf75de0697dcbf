// openid-client decrypts what it is told, and jose encrypts requests to the provider (RFC 7516).

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import * as jose from 'jose';
import * as client from 'openid-client';

import { Application, REDIRECT_URI } from './lib/application.mjs';
import { temporaryFolder } from './lib/folder.mjs';
import { Visitor, walkToCallback } from './lib/pages.mjs';
import { Provider } from './lib/provider.mjs';

const alice = { username: 'alice', email: 'alice@example.com', password: 'correct horse battery staple' };
const encs = ['A128CBC-HS256', 'A256CBC-HS512', 'A128GCM', 'A256GCM'];
let provider;

before(async () => {
  provider = await Provider.start();
  await provider.createUser(alice);
});

after(async () => await provider?.stop());

/** Registers an application with a public key of its own, and what is said of it besides. A running server notices it later. */
async function register(jwk, metadata) {
  const file = join(temporaryFolder(), 'metadata.json');
  writeFileSync(file, JSON.stringify({ redirect_uris: [REDIRECT_URI], jwks: { keys: [jwk] }, ...metadata }));
  return await provider.createClient('Accounting', '--metadata', file);
}

const discover = ({ client_id, client_secret }) =>
  Application.discover(provider.issuer, client_id, client.ClientSecretBasic(client_secret));

async function pair(alg, use) {
  const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
  return { jwk: { ...(await jose.exportJWK(publicKey)), kid: use, use, alg }, key: { key: privateKey, alg, kid: use } };
}

test('openid-client decrypts ID tokens and userinfo, with every algorithm that discovery names', async () => {
  const offered = await (await fetch(`${provider.issuer}/.well-known/openid-configuration`)).json();
  assert.deepEqual(offered.id_token_encryption_enc_values_supported, encs);
  const registered = [];
  for (const [index, alg] of offered.id_token_encryption_alg_values_supported.entries()) {
    const [enc, other] = [encs[index % 4], encs[(index + 1) % 4]];
    const { jwk, key } = await pair(alg, 'enc');
    const metadata = {
      id_token_encrypted_response_alg: alg,
      id_token_encrypted_response_enc: enc,
      userinfo_signed_response_alg: 'RS256',
      userinfo_encrypted_response_alg: alg,
      userinfo_encrypted_response_enc: other,
    };
    registered.push({ application: await register(jwk, metadata), alg, key, taken: [enc, other] });
  }
  await provider.noticed();
  for (const { application: credentials, alg, key, taken } of registered) {
    const application = await discover(credentials);
    client.enableDecryptingResponses(application.config, taken, key);
    const { tokens } = await application.signIn(alice);
    assert.equal(tokens.id_token.split('.').length, 5, alg);
    assert.equal((await application.userInfo(tokens)).email, alice.email, `${alg} ${taken}`);
  }
});

test('the provider decrypts requests that jose encrypted to its published keys', async () => {
  const signing = await pair('ES256', 'sig');
  const registered = await register(signing.jwk, { require_signed_request_object: true });
  await provider.noticed();
  const application = await discover(registered);
  const { keys } = await (await fetch(`${provider.issuer}/oauth2/jwks`)).json();
  for (const [index, published] of keys.filter((key) => key.use === 'enc').entries()) {
    const { address, checks } = await application.begin();
    const signed = await client.buildAuthorizationUrlWithJAR(application.config, address.searchParams, signing.key);
    const object = new TextEncoder().encode(signed.searchParams.get('request'));
    const header = { alg: published.alg, enc: encs[index], kid: published.kid, cty: 'oauth-authz-req+jwt' };
    const encrypted = new jose.CompactEncrypt(object).setProtectedHeader(header);
    signed.searchParams.set('request', await encrypted.encrypt(await jose.importJWK(published)));
    const callback = await walkToCallback(new Visitor(REDIRECT_URI), signed, alice);
    assert.equal((await application.finish(callback, checks)).claims().nonce, checks.expectedNonce, published.alg);
  }
});
