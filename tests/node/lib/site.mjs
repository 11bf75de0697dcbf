// An application with a site of its own on this machine: it signs people in with openid-client, keeps a session in a cookie, and
// hears of sign-outs in every way that there is.

import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';

import * as client from 'openid-client';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

export class Site {
  /** What came by way of the browser: `{ iss, sid, session }`, the last being the one whose cookie came with it. */
  loaded = [];
  /** The claims of the logout tokens that came, each verified. */
  told = [];
  #server;
  #name;
  #sessions = new Map();
  #begun = new Map();

  constructor(name) {
    this.#name = name;
    this.#server = createServer((request, answer) => {
      this.#answer(request, answer).catch((error) => {
        answer.writeHead(500, { 'Content-Type': 'text/plain' }).end(String(error?.stack ?? error));
      });
    });
  }

  /** Begins to listen, so that its addresses can be registered. */
  async open() {
    await new Promise((resolve) => this.#server.listen(0, 'localhost', resolve));
    this.url = `http://localhost:${this.#server.address().port}`;
    return this;
  }

  /** How it is registered. */
  get options() {
    const at = (path) => `${this.url}/${path}`;
    return [
      ...['--redirect-uri', at('callback'), '--post-logout-redirect-uri', at('signed-out')],
      ...['--frontchannel-logout-uri', at('front'), '--backchannel-logout-uri', at('back'), '--first-party'],
    ];
  }

  async connect(issuer, { client_id, client_secret }) {
    const execute = [client.allowInsecureRequests];
    this.config = await client.discovery(new URL(issuer), client_id, client_secret, undefined, { execute });
    this.keys = createRemoteJWKSet(new URL(this.config.serverMetadata().jwks_uri));
  }

  /** The sessions that it holds. */
  get sessions() {
    return [...this.#sessions.values()];
  }

  async close() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request, answer) {
    const url = new URL(request.url, this.url);
    // Ports are no borders to cookies: each application has a name of its own.
    const cookie = new RegExp(`(?:^|; )${this.#name}=([^;]+)`).exec(request.headers.cookie ?? '')?.[1];
    const session = this.#sessions.get(cookie);
    const html = (body, headers = {}) => answer.writeHead(200, { 'Content-Type': 'text/html', ...headers }).end(body);
    switch (url.pathname) {
      case '/':
        return html(session ? this.#home(session) : '<p id="nobody">Nobody is signed in</p><a id="sign-in" href="/sign-in">Sign in</a>');
      case '/sign-in': {
        const [state, nonce, verifier] = [client.randomState(), client.randomNonce(), client.randomPKCECodeVerifier()];
        this.#begun.set(state, { nonce, verifier });
        const address = client.buildAuthorizationUrl(this.config, {
          redirect_uri: `${this.url}/callback`,
          scope: 'openid profile',
          state,
          nonce,
          code_challenge: await client.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
        });
        return answer.writeHead(302, { Location: address.href }).end();
      }
      case '/callback': {
        const state = url.searchParams.get('state');
        const { nonce, verifier } = this.#begun.get(state);
        const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier };
        const tokens = await client.authorizationCodeGrant(this.config, url, checks);
        const id = randomUUID();
        this.#sessions.set(id, { id, tokens, claims: tokens.claims(), sessionState: url.searchParams.get('session_state') });
        return answer.writeHead(302, { Location: '/', 'Set-Cookie': `${this.#name}=${id}; HttpOnly; Path=/` }).end();
      }
      case '/sign-out': {
        const address = client.buildEndSessionUrl(this.config, {
          id_token_hint: session.tokens.id_token,
          post_logout_redirect_uri: `${this.url}/signed-out`,
          state: 'back again',
        });
        return answer.writeHead(302, { Location: address.href }).end();
      }
      case '/signed-out':
        return html(`<p id="back">${url.searchParams.get('state')}</p>`);
      case '/front': {
        const [iss, sid] = ['iss', 'sid'].map((name) => url.searchParams.get(name));
        this.loaded.push({ iss, sid, session: session?.claims.sid });
        if (session?.claims.sid === sid) this.#sessions.delete(cookie);
        return html('<p>Signed out</p>', { 'Cache-Control': 'no-store' });
      }
      case '/back': {
        let body = '';
        for await (const chunk of request) body += chunk;
        const { issuer } = this.config.serverMetadata();
        const rules = { issuer, audience: this.config.clientMetadata().client_id, typ: 'logout+jwt' };
        const { payload } = await jwtVerify(new URLSearchParams(body).get('logout_token'), this.keys, rules);
        if (!payload.events[LOGOUT_EVENT] || 'nonce' in payload) return answer.writeHead(400).end();
        this.told.push(payload);
        for (const [id, { claims }] of this.#sessions) if (claims.sid === payload.sid) this.#sessions.delete(id);
        return answer.writeHead(204).end();
      }
      default:
        return answer.writeHead(404).end();
    }
  }

  /** The page of somebody who is signed in: it asks the provider's page whether they still are, whenever it is told to. */
  #home({ claims, sessionState }) {
    const { check_session_iframe: frame } = this.config.serverMetadata();
    const message = JSON.stringify(`${this.config.clientMetadata().client_id} ${sessionState}`);
    return `<p id="somebody">${claims.preferred_username}</p><a id="sign-out" href="/sign-out">Sign out</a>
      <iframe id="provider" src="${frame}"></iframe>
      <script>
        window.ask = (message = ${message}) => new Promise((resolve, reject) => {
          addEventListener('message', (event) => {
            if (event.origin === ${JSON.stringify(new URL(frame).origin)}) resolve(event.data);
          }, { once: true });
          setTimeout(() => resolve('silence'), 3000);
          document.getElementById('provider').contentWindow.postMessage(message, ${JSON.stringify(new URL(frame).origin)});
        });
      </script>`;
  }
}
