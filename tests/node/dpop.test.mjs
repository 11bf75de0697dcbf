// DPoP (RFC 9449) by two clients from npm: openid-client, certified by the OpenID Foundation, and oauth4webapi beneath it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';

import { Application, REDIRECT_URI } from './lib/application.mjs';
import { Visitor, walkToCallback } from './lib/pages.mjs';
import { Provider } from './lib/provider.mjs';

const GRANTS = ['--grant-type', 'authorization_code', '--grant-type', 'refresh_token'];

for (const [asked, configuration] of [
  ['where the provider asks for no nonces', ''],
  ['where the provider asks for nonces', '[oidc]\ndpop_nonce = true\n'],
]) {
  describe(asked, () => signsIn(configuration));
}

function signsIn(configuration) {
  const alice = { username: 'alice', email: 'alice@example.com', password: 'correct horse battery staple' };
  let provider;
  let registered;

  before(async () => {
    provider = await Provider.start(configuration);
    alice.id = await provider.createUser(alice);
    registered = await provider.createClient('Phone app', '--redirect-uri', REDIRECT_URI, '--public', ...GRANTS);
    await provider.noticed();
  });

  after(async () => await provider?.stop());

  test('openid-client signs in, reads userinfo and comes back', async () => {
    for (const algorithm of ['ES256', 'PS256', 'Ed25519']) {
      const application = await Application.discover(provider.issuer, registered.client_id, client.None());
      const DPoP = client.getDPoPHandle(application.config, await client.randomDPoPKeyPair(algorithm));
      const { address, checks } = await application.begin({ dpop_jkt: await DPoP.calculateThumbprint() });
      const callback = await walkToCallback(new Visitor(REDIRECT_URI), address, alice);
      const tokens = await client.authorizationCodeGrant(application.config, callback, checks, undefined, { DPoP });
      assert.equal(tokens.token_type, 'dpop');
      const told = await client.fetchUserInfo(application.config, tokens.access_token, alice.id, { DPoP });
      assert.equal(told.sub, alice.id);

      const again = await client.refreshTokenGrant(application.config, tokens.refresh_token, undefined, { DPoP });
      assert.equal(again.token_type, 'dpop');
      assert.equal((await client.fetchUserInfo(application.config, again.access_token, alice.id, { DPoP })).sub, alice.id);

      const thief = client.getDPoPHandle(application.config, await client.randomDPoPKeyPair());
      await assert.rejects(client.refreshTokenGrant(application.config, again.refresh_token, undefined, { DPoP: thief }), {
        error: 'invalid_grant',
      });
      await assert.rejects(client.fetchUserInfo(application.config, again.access_token, alice.id), { status: 401 });
    }
  });

  test('oauth4webapi signs in and reads userinfo', async () => {
    const insecure = { [oauth.allowInsecureRequests]: true };
    const issuer = new URL(provider.issuer);
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
    assert.deepEqual(as.dpop_signing_alg_values_supported, ['ES256', 'PS256', 'EdDSA']);
    const rp = { client_id: registered.client_id };
    const DPoP = oauth.DPoP(rp, await oauth.generateKeyPair('ES256'));
    const verifier = oauth.generateRandomCodeVerifier();
    const address = new URL(as.authorization_endpoint);
    address.search = new URLSearchParams({
      client_id: rp.client_id,
      redirect_uri: REDIRECT_URI,
      response_type: 'code',
      scope: 'openid email',
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const callback = await walkToCallback(new Visitor(REDIRECT_URI), address, alice);
    const parameters = oauth.validateAuthResponse(as, rp, callback, oauth.expectNoState);

    const exchange = async () => {
      const options = { DPoP, ...insecure };
      const answer = await oauth.authorizationCodeGrantRequest(as, rp, oauth.None(), parameters, REDIRECT_URI, verifier, options);
      return await oauth.processAuthorizationCodeResponse(as, rp, answer);
    };
    const tokens = await once(exchange);
    assert.equal(tokens.token_type, 'dpop');

    const userinfo = async () => {
      const answer = await oauth.userInfoRequest(as, rp, tokens.access_token, { DPoP, ...insecure });
      return await oauth.processUserInfoResponse(as, rp, alice.id, answer);
    };
    assert.equal((await once(userinfo)).email, alice.email);
  });
}

/** Does it, once more where a nonce is asked for. */
async function once(request) {
  return await request().catch((error) => {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return request();
  });
}
