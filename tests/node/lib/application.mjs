// An application on openid-client, with its signing in as a person would do it.

import * as client from 'openid-client';

import { Visitor, walkToCallback } from './pages.mjs';

export const REDIRECT_URI = 'https://app.example.com/callback';
export const SIGNED_OUT_URI = 'https://app.example.com/signed-out';

export class Application {
  constructor(config) {
    this.config = config;
  }

  /** Discovers the provider; `authentication` is how openid-client proves who it is. ID tokens' signatures are verified. */
  static async discover(issuer, clientId, authentication) {
    const execute = [client.allowInsecureRequests, client.enableNonRepudiationChecks];
    return new Application(await client.discovery(new URL(issuer), clientId, undefined, authentication, { execute }));
  }

  /** Prepares a sign-in: the address to send the browser to, and what to check the answer against. */
  async begin(parameters = {}) {
    const checks = {
      pkceCodeVerifier: client.randomPKCECodeVerifier(),
      expectedState: client.randomState(),
      expectedNonce: client.randomNonce(),
      idTokenExpected: true,
    };
    const address = client.buildAuthorizationUrl(this.config, {
      redirect_uri: REDIRECT_URI,
      scope: 'openid profile email',
      code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      ...parameters,
    });
    return { address, checks };
  }

  /** Exchanges the code of a callback. */
  async finish(callback, checks) {
    return await client.authorizationCodeGrant(this.config, callback, checks);
  }

  /** Signs a person in, through the pages; gives the tokens and all that led to them. */
  async signIn(person, visitor = new Visitor(REDIRECT_URI, SIGNED_OUT_URI)) {
    const { address, checks } = await this.begin();
    const callback = await walkToCallback(visitor, address, person);
    const tokens = await this.finish(callback, checks);
    return { tokens, callback, checks, visitor };
  }

  /** What userinfo says of the person whom the tokens are about. */
  async userInfo(tokens) {
    return await client.fetchUserInfo(this.config, tokens.access_token, tokens.claims().sub);
  }
}
