// openid-client through the grants beside the authorization code.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import * as client from 'openid-client';

import { Application, REDIRECT_URI } from './lib/application.mjs';
import { findForm, hasElement } from './lib/html.mjs';
import { Visitor, walkToCallback } from './lib/pages.mjs';
import { Provider } from './lib/provider.mjs';

const NOTES = 'https://notes.example.com';
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const alice = { username: 'alice', email: 'alice@example.com', password: 'correct horse battery staple' };
let provider;
let web;
let batch;
let television;

before(async () => {
  provider = await Provider.start();
  alice.id = await provider.createUser(alice);
  await provider.run('apis', 'create', NOTES, '--scope', 'notes.read notes.write');
  const grants = (...names) => names.flatMap((name) => ['--grant-type', name]);
  const scopes = ['--scope', 'openid profile email offline_access notes.read notes.write'];
  const coming = grants('authorization_code', 'refresh_token', EXCHANGE);
  web = await provider.createClient('Accounting', '--redirect-uri', REDIRECT_URI, ...coming, ...scopes);
  batch = await provider.createClient('Batch', ...grants('client_credentials'), ...scopes);
  television = await provider.createClient('Television', '--public', ...grants(DEVICE_CODE, 'refresh_token'));
  await provider.noticed();
});

after(async () => await provider?.stop());

const byBasic = ({ client_id, client_secret }) =>
  Application.discover(provider.issuer, client_id, client.ClientSecretBasic(client_secret));

async function signIn(application, parameters) {
  const { address, checks } = await application.begin(parameters);
  const callback = await walkToCallback(new Visitor(REDIRECT_URI), address, alice);
  return await application.finish(callback, checks);
}

test('refreshes, again and again, and repeats a refresh whose answer was lost', async () => {
  const application = await byBasic(web);
  const first = await signIn(application, { scope: 'openid email offline_access', prompt: 'consent' });
  const second = await client.refreshTokenGrant(application.config, first.refresh_token);
  const repeated = await client.refreshTokenGrant(application.config, first.refresh_token);
  assert.equal(repeated.refresh_token, second.refresh_token);
  const third = await client.refreshTokenGrant(application.config, second.refresh_token);
  assert.equal(third.claims().sub, alice.id);
  assert.equal((await client.fetchUserInfo(application.config, third.access_token, alice.id)).email, alice.email);
  const narrow = await client.refreshTokenGrant(application.config, third.refresh_token, { scope: 'openid' });
  assert.equal(narrow.scope, 'openid');
});

test('acts for itself at the API that it names', async () => {
  const { config } = await byBasic(batch);
  const tokens = await client.clientCredentialsGrant(config, { scope: 'notes.read', resource: NOTES });
  assert.equal(tokens.scope, 'notes.read');
  const claims = JSON.parse(Buffer.from(tokens.access_token.split('.')[1], 'base64url'));
  assert.deepEqual([claims.aud, claims.sub], [NOTES, batch.client_id]);
  const unknown = client.clientCredentialsGrant(config, { resource: 'https://unknown.example.com' });
  await assert.rejects(unknown, { error: 'invalid_target' });
});

test('connects a device, whose code a person types and allows', async () => {
  const { config } = await Application.discover(provider.issuer, television.client_id, client.None());
  const begun = await client.initiateDeviceAuthorization(config, { scope: 'openid offline_access' });
  const polling = client.pollDeviceAuthorizationGrant(config, begun);
  const visitor = new Visitor(REDIRECT_URI);
  let page = await visitor.open(begun.verification_uri);
  if (findForm(page.body, 'login')) page = await visitor.submit(page, 'login', 'sign-in', alice);
  page = await visitor.submit(page, 'device', 'continue', { user_code: begun.user_code });
  assert.match(page.body, /Television/);
  page = await visitor.submit(page, 'device', 'allow');
  assert.ok(hasElement(page.body, 'device-allowed'), page.body);
  const tokens = await polling;
  assert.equal(tokens.claims().sub, alice.id);
  assert.ok((await client.refreshTokenGrant(config, tokens.refresh_token)).access_token);
});

test('exchanges a token for one that may do less', async () => {
  const application = await byBasic(web);
  const tokens = await signIn(application, { scope: 'openid notes.read notes.write' });
  const exchanged = await client.genericGrantRequest(application.config, EXCHANGE, {
    subject_token: tokens.access_token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    scope: 'notes.read',
  });
  const claims = JSON.parse(Buffer.from(exchanged.access_token.split('.')[1], 'base64url'));
  assert.deepEqual([claims.sub, claims.scope, claims.act], [alice.id, 'notes.read', { sub: web.client_id }]);
});
