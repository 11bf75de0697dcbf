// A single-page application: static files at an origin of its own, and oidc-client-ts in the browser. Nothing of it runs here.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const LIBRARY = readFileSync(new URL('../node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js', import.meta.url));

export class SinglePage {
  #server;

  /** Serves it at `host`: `localhost` is the provider's own site, `127.0.0.1` another one. */
  static async open(host) {
    const page = new SinglePage();
    page.#server = createServer((request, answer) => page.#answer(new URL(request.url, page.url).pathname, answer));
    await new Promise((resolve) => page.#server.listen(0, host, resolve));
    page.url = `http://${host}:${page.#server.address().port}`;
    return page;
  }

  /** How it is registered. */
  get options() {
    const redirects = ['callback', 'silent'].flatMap((path) => ['--redirect-uri', `${this.url}/${path}`]);
    return [...redirects, '--public', '--first-party'];
  }

  /** Tells it who it is. */
  connect(issuer, { client_id }, more = {}) {
    this.settings = {
      authority: issuer,
      client_id,
      redirect_uri: `${this.url}/callback`,
      silent_redirect_uri: `${this.url}/silent`,
      scope: 'openid profile',
      loadUserInfo: true,
      automaticSilentRenew: false,
      monitorSession: false,
      checkSessionIntervalInSeconds: 1,
      silentRequestTimeoutInSeconds: 10,
      ...more,
    };
  }

  async close() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(path, answer) {
    const steps = {
      // What the library raises is kept where the test can see it.
      '/': `window.raised = [];
        for (const event of ['UserSignedOut', 'UserSessionChanged', 'SilentRenewError']) manager.events['add' + event](() => raised.push(event));
        window.person = manager.getUser();
        person.then((user) => { document.getElementById('who').textContent = user ? user.profile.preferred_username : 'nobody'; });`,
      '/callback': `manager.signinRedirectCallback().then(() => location.replace('/'), (error) => { document.getElementById('who').textContent = String(error); });`,
      '/silent': 'manager.signinSilentCallback();',
    };
    if (path === '/oidc-client-ts.js') return answer.writeHead(200, { 'Content-Type': 'text/javascript' }).end(LIBRARY);
    if (!(path in steps)) return answer.writeHead(404).end();
    return answer.writeHead(200, { 'Content-Type': 'text/html' }).end(`<!doctype html><title>Notes</title><p id="who"></p>
      <script src="/oidc-client-ts.js"></script>
      <script>
        window.manager = new oidc.UserManager({
          ...${JSON.stringify(this.settings)},
          userStore: new oidc.WebStorageStateStore({ store: sessionStorage }),
        });
        ${steps[path]}
      </script>`);
  }
}
