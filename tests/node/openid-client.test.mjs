// The npm package openid-client, certified by the OpenID Foundation, signs a person in through the real pages.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import * as client from 'openid-client';

import { Application, REDIRECT_URI, SIGNED_OUT_URI } from './lib/application.mjs';
import { findForm, hasElement } from './lib/html.mjs';
import { Visitor, walkToCallback } from './lib/pages.mjs';
import { Provider } from './lib/provider.mjs';

const alice = { username: 'alice', email: 'alice@example.com', password: 'correct horse battery staple' };
let provider;
let confidential;
let firstParty;
let open;

before(async () => {
  provider = await Provider.start();
  alice.id = await provider.createUser(alice);
  const addresses = ['--redirect-uri', REDIRECT_URI, '--post-logout-redirect-uri', SIGNED_OUT_URI];
  confidential = await provider.createClient('Accounting', ...addresses);
  firstParty = await provider.createClient('Intranet', ...addresses, '--first-party');
  open = await provider.createClient('Phone app', ...addresses, '--public');
  await provider.noticed();
});

after(async () => await provider?.stop());

const byBasic = ({ client_id, client_secret }) =>
  Application.discover(provider.issuer, client_id, client.ClientSecretBasic(client_secret));

test('signs in by code with PKCE, state and nonce, and reads userinfo', async () => {
  const application = await byBasic(confidential);
  const { tokens, callback } = await application.signIn(alice);
  assert.equal(callback.searchParams.get('iss'), provider.issuer);
  assert.equal(tokens.claims().sub, alice.id);
  const told = await application.userInfo(tokens);
  assert.equal(told.email, alice.email);
  assert.equal(told.preferred_username, alice.username);
});

test('signs in with client_secret_post', async () => {
  const authentication = client.ClientSecretPost(confidential.client_secret);
  const application = await Application.discover(provider.issuer, confidential.client_id, authentication);
  const { tokens } = await application.signIn(alice);
  assert.equal(tokens.claims().aud, confidential.client_id);
});

test('signs in as a public client, which has no secret', async () => {
  assert.ok(!open.client_secret);
  const application = await Application.discover(provider.issuer, open.client_id, client.None());
  const { tokens } = await application.signIn(alice);
  assert.equal((await application.userInfo(tokens)).sub, alice.id);
});

test('a wrong secret is refused', async () => {
  const application = await byBasic({ ...confidential, client_secret: 'x'.repeat(43) });
  // RFC 6749 section 5.2: whoever tried the header is challenged.
  await assert.rejects(application.signIn(alice), { code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE', status: 401 });
});

test('a wrong code verifier is refused, and spends the code', async () => {
  const application = await byBasic(confidential);
  const { address, checks } = await application.begin();
  const callback = await walkToCallback(new Visitor(REDIRECT_URI), address, alice);
  const wrong = { ...checks, pkceCodeVerifier: client.randomPKCECodeVerifier() };
  await assert.rejects(application.finish(callback, wrong), { error: 'invalid_grant', status: 400 });
  await assert.rejects(application.finish(callback, checks), { error: 'invalid_grant', status: 400 });
});

test('a code works once; its replay is refused and ends the access token that it gave', async () => {
  const application = await byBasic(confidential);
  const { tokens, callback, checks } = await application.signIn(alice);
  await application.userInfo(tokens);
  await assert.rejects(application.finish(callback, checks), { error: 'invalid_grant', status: 400 });
  await assert.rejects(application.userInfo(tokens), { code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE', status: 401 });
});

test('who denies consent is sent back with access_denied', async () => {
  const application = await byBasic(await provider.createClient('Nosy', '--redirect-uri', REDIRECT_URI));
  await provider.noticed();
  const { address, checks } = await application.begin();
  const callback = await walkToCallback(new Visitor(REDIRECT_URI), address, { ...alice, consent: 'deny' });
  await assert.rejects(application.finish(callback, checks), { error: 'access_denied' });
});

test('consent is asked once, and of a first-party application never', async () => {
  const visitor = new Visitor(REDIRECT_URI);
  const first = await byBasic(confidential);
  await first.signIn(alice, visitor);
  for (const application of [first, await byBasic(firstParty)]) {
    const { address, checks } = await application.begin({ prompt: 'none' });
    const { callback } = await visitor.open(address);
    assert.equal((await application.finish(callback, checks)).claims().sub, alice.id);
  }
});

test('a wrong password shows an error and asks again', async () => {
  const visitor = new Visitor(REDIRECT_URI);
  const { address } = await (await byBasic(firstParty)).begin();
  const page = await visitor.open(address);
  const again = await visitor.submit(page, 'login', 'sign-in', { username: 'alice', password: 'wrong' });
  assert.ok(hasElement(again.body, 'error'));
  const { username, password } = alice;
  const { callback } = await visitor.submit(again, 'login', 'sign-in', { username, password });
  assert.ok(callback?.searchParams.has('code'));
});

test('signs out: the person goes back to the application, and is signed in no longer', async () => {
  const application = await byBasic(confidential);
  const { tokens, visitor } = await application.signIn(alice);
  const address = client.buildEndSessionUrl(application.config, {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: SIGNED_OUT_URI,
    state: 'back again',
  });
  let page = await visitor.open(address);
  if (page.body && findForm(page.body, 'logout')) page = await visitor.submit(page, 'logout', 'sign-out');
  assert.equal(page.callback?.searchParams.get('state'), 'back again');

  const { address: silently, checks } = await application.begin({ prompt: 'none' });
  const { callback } = await visitor.open(silently);
  await assert.rejects(application.finish(callback, checks), { error: 'login_required' });
});
