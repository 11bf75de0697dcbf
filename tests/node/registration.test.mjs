// openid-client registers itself (RFC 7591), and signs people in with what it was given.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import * as client from 'openid-client';

import { Application, REDIRECT_URI } from './lib/application.mjs';
import { Visitor, walkToCallback } from './lib/pages.mjs';
import { Provider } from './lib/provider.mjs';

const alice = { username: 'alice', email: 'alice@example.com', password: 'correct horse battery staple' };
let provider;
let invited;

before(async () => {
  const mode = (name) => `[registration]\nmode = "${name}"\n`;
  [provider, invited] = await Promise.all([Provider.start(mode('open')), Provider.start(mode('token'))]);
  for (const each of [provider, invited]) await each.createUser(alice);
});

after(async () => await Promise.all([provider?.stop(), invited?.stop()]));

/** An application that registers itself, by nothing but the provider's address. */
async function register(at, metadata = {}, authentication = undefined, options = {}) {
  const execute = [client.allowInsecureRequests, client.enableNonRepudiationChecks];
  const whole = { client_name: 'Notes', redirect_uris: [REDIRECT_URI], ...metadata };
  const issuer = new URL(at.issuer);
  return new Application(await client.dynamicClientRegistration(issuer, whole, authentication, { execute, ...options }));
}

const told = (application) => application.config.clientMetadata();

/** Signs alice in, and holds the answer to be about the application that registered itself. */
async function signsIn(application) {
  const { tokens } = await application.signIn(alice);
  assert.equal(tokens.claims().aud, told(application).client_id);
  assert.equal((await application.userInfo(tokens)).email, alice.email);
}

test('openid-client registers itself and signs a person in, at the first try', async () => {
  const application = await register(provider);
  assert.equal(told(application).client_secret_expires_at, 0);
  await signsIn(application);
});

for (const [method, authentication] of [
  ['client_secret_basic', client.ClientSecretBasic()],
  ['client_secret_post', client.ClientSecretPost()],
  ['client_secret_jwt', client.ClientSecretJwt()],
]) {
  test(`what openid-client registers for ${method} proves itself so, and by nothing else`, async () => {
    const application = await register(provider, { token_endpoint_auth_method: method }, authentication);
    assert.equal(told(application).token_endpoint_auth_method, method);
    await signsIn(application);
    const other = method === 'client_secret_basic' ? client.ClientSecretPost : client.ClientSecretBasic;
    const { client_id, client_secret } = told(application);
    const downgraded = await Application.discover(provider.issuer, client_id, other(client_secret));
    await assert.rejects(downgraded.signIn(alice), { status: 401 });
  });
}

test('openid-client registers a public application, which is given no secret', async () => {
  const application = await register(provider, { token_endpoint_auth_method: 'none' }, client.None());
  assert.equal(told(application).client_secret, undefined);
  await signsIn(application);
});

test('openid-client registers its key, and proves itself by private_key_jwt', async () => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const { publicKey, privateKey } = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
  const jwks = { keys: [{ kty, crv, x, y, kid: 'one', use: 'sig', alg: 'ES256' }] };
  const authentication = client.PrivateKeyJwt({ key: privateKey, kid: 'one' });
  const application = await register(provider, { token_endpoint_auth_method: 'private_key_jwt', jwks }, authentication);
  assert.equal(told(application).client_secret, undefined);
  await signsIn(application);
});

test('openid-client registers for refresh tokens, and comes back without the person', async () => {
  const application = await register(provider, { grant_types: ['authorization_code', 'refresh_token'] });
  const { address, checks } = await application.begin({ scope: 'openid email offline_access', prompt: 'consent' });
  const tokens = await application.finish(await walkToCallback(new Visitor(REDIRECT_URI), address, alice), checks);
  const again = await client.refreshTokenGrant(application.config, tokens.refresh_token);
  const { sub } = tokens.claims();
  assert.equal((await client.fetchUserInfo(application.config, again.access_token, sub)).sub, sub);
});

test('openid-client registers for the hybrid flow, and reads an ID token in the answer', async () => {
  const flow = { response_types: ['code id_token'], grant_types: ['authorization_code', 'implicit'] };
  const application = await register(provider, flow);
  client.useCodeIdTokenResponseType(application.config);
  const { address, checks } = await application.begin();
  assert.equal(address.searchParams.get('response_type'), 'code id_token');
  const callback = await walkToCallback(new Visitor(REDIRECT_URI), address, alice);
  assert.equal((await application.finish(callback, checks)).claims().aud, told(application).client_id);
});

test('what cannot be registered is told in the words of RFC 7591', async () => {
  const fragment = { redirect_uris: [`${REDIRECT_URI}#here`] };
  await assert.rejects(register(provider, fragment), { error: 'invalid_redirect_uri', status: 400 });
  await assert.rejects(register(provider, { first_party: true }), { error: 'invalid_client_metadata', status: 400 });
});

test('where an initial access token is needed, openid-client registers with one, once', async () => {
  const refused = { code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE', status: 401 };
  await assert.rejects(register(invited), refused);
  const made = await invited.run('clients', 'initial-access-tokens', 'create', '--name', 'a portal', '--uses', '1');
  const options = { initialAccessToken: made.token };
  await signsIn(await register(invited, {}, undefined, options));
  await assert.rejects(register(invited, {}, undefined, options), refused);
});
