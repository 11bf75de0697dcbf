// openid-client signs people in by the implicit and the hybrid flow, and is answered by fragment and by a posted form.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import * as client from 'openid-client';

import { Application, REDIRECT_URI } from './lib/application.mjs';
import { temporaryFolder } from './lib/folder.mjs';
import { Visitor, walkToCallback } from './lib/pages.mjs';
import { Provider } from './lib/provider.mjs';

const alice = { username: 'alice', email: 'alice@example.com', password: 'correct horse battery staple' };
const grants = ['implicit', 'authorization_code'];
let provider;
let registered;

before(async () => {
  provider = await Provider.start();
  alice.id = await provider.createUser(alice);
  const file = join(temporaryFolder(), 'metadata.json');
  const types = ['id_token', 'code id_token', 'code'];
  writeFileSync(file, JSON.stringify({ redirect_uris: [REDIRECT_URI], response_types: types, grant_types: grants, first_party: true }));
  registered = await provider.createClient('Accounting', '--metadata', file);
  await provider.noticed();
});

after(async () => await provider?.stop());

/** An application that asks for a response type, and answers by a mode. */
async function asking(responseType, parameters) {
  const application = await Application.discover(provider.issuer, registered.client_id, client.ClientSecretBasic(registered.client_secret));
  responseType(application.config);
  const begun = await application.begin(parameters);
  const callback = await walkToCallback(new Visitor(REDIRECT_URI), begun.address, alice);
  return { ...begun, application, callback };
}

for (const mode of ['fragment', 'form_post']) {
  const parameters = mode === 'fragment' ? {} : { response_mode: mode };

  test(`by id_token, answered by ${mode}: the ID token is the answer`, async () => {
    const { application, callback, checks } = await asking(client.useIdTokenResponseType, parameters);
    const { expectedNonce, expectedState } = checks;
    const claims = await client.implicitAuthentication(application.config, callback, expectedNonce, { expectedState });
    assert.equal(claims.sub, alice.id);
    assert.equal(claims.email, alice.email, 'no other place will tell it');
    await assert.rejects(client.implicitAuthentication(application.config, callback, 'another nonce', { expectedState }));
  });

  test(`by code id_token, answered by ${mode}: c_hash and s_hash hold, and the code is exchanged`, async () => {
    const { application, callback, checks } = await asking(client.useCodeIdTokenResponseType, parameters);
    const tokens = await application.finish(callback, checks);
    assert.equal(tokens.claims().sub, alice.id);
    assert.equal((await application.userInfo(tokens)).email, alice.email);
  });
}

test('by code, answered by a posted form', async () => {
  const { application, callback, checks } = await asking(() => {}, { response_mode: 'form_post' });
  assert.equal((await application.finish(callback, checks)).claims().sub, alice.id);
});
