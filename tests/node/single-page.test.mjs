// oidc-client-ts in Chromium: a single-page application at the provider's own site, and one at another site. What it meets is in
// docs/single-page.md.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, Window } from './lib/browser.mjs';
import { Provider } from './lib/provider.mjs';
import { SinglePage } from './lib/single-page.mjs';

const PERSON = { username: 'ada', email: 'ada@example.com', password: 'a long password for ada' };
const REFRESHING = ['--grant-type', 'authorization_code', '--grant-type', 'refresh_token'];

let browser;
let provider;

before(async () => {
  browser = await launch();
  provider = await Provider.start();
  PERSON.id = await provider.createUser(PERSON);
});

after(async () => {
  await browser?.close();
  await provider?.stop();
});

/** An application at `host`, registered with `options` and set up with `settings`, and a window where a person is signed in to it. */
async function signedIn(name, host, { options = [], settings = {} } = {}) {
  const app = await SinglePage.open(host);
  app.connect(provider.issuer, await provider.createClient(name, ...app.options, ...options), settings);
  await provider.noticed();
  const window = await Window.open(browser, `single-page-${name}`, { origins: [provider.issuer, app.url] });
  const { page } = window;
  await page.goto(app.url);
  // The answer does not come back: the page is left.
  await Promise.all([page.locator('form#login').waitFor(), page.evaluate(() => void manager.signinRedirect())]);
  await page.locator('input[name=username]').fill(PERSON.username);
  await page.locator('input[name=password]').fill(PERSON.password);
  await page.locator('#sign-in').click();
  await page.waitForURL(`${app.url}/`);
  await page.locator('#who', { hasText: PERSON.username }).waitFor();
  const close = async () => {
    await window.close();
    await app.close();
  };
  return { app, page, close };
}

/** Renews silently; gives what there is afterwards, or the error's code or words. */
const renew = (page) =>
  page.evaluate(async () => {
    const before = await manager.getUser();
    try {
      const after = await manager.signinSilent();
      return { sub: after.profile.sub, renewed: after.access_token !== before.access_token, sid: after.profile.sid === before.profile.sid };
    } catch (error) {
      return { error: error.error ?? String(error) };
    }
  });

/** Signs out at the provider, in another tab. */
async function signOutElsewhere(page) {
  const other = await page.context().newPage();
  await other.goto(`${provider.issuer}/logout`);
  await other.locator('#sign-out').click();
  await other.locator('#signed-out').waitFor();
  await other.close();
}

test('it signs in from another origin, and reads discovery, keys and userinfo across it, and nothing else', async () => {
  const { page, close } = await signedIn('reader', 'localhost');
  const user = await page.evaluate(() => person.then(({ profile, refresh_token }) => ({ ...profile, refresh_token })));
  assert.equal(user.sub, PERSON.id);
  assert.equal(user.preferred_username, PERSON.username, 'userinfo was read');
  assert.equal(user.refresh_token, undefined, 'it did not register for one');
  const keys = await page.evaluate(() => manager.metadataService.getSigningKeys());
  assert.ok(keys.length > 0);
  const reads = (path, credentials) =>
    page.evaluate(([url, credentials]) => fetch(url, { credentials }).then(() => 'read', () => 'refused'), [`${provider.issuer}${path}`, credentials]);
  // Pages are closed to it, and what is open is open without cookies alone.
  for (const path of ['/account', '/api/v1/users', '/oauth2/jwks']) assert.equal(await reads(path, 'include'), 'refused', path);
  assert.equal(await reads('/oauth2/jwks', 'omit'), 'read');
  await close();
});

test('at the same site it renews silently in a frame, in the same session, and is told when that has ended', async () => {
  const { page, close } = await signedIn('neighbour', 'localhost');
  for (let again = 0; again < 2; again += 1) assert.deepEqual(await renew(page), { sub: PERSON.id, renewed: true, sid: true });
  await signOutElsewhere(page);
  assert.deepEqual(await renew(page), { error: 'login_required' });
  await close();
});

test('at another site a frame gets no cookies: login_required, though the person is signed in', async () => {
  const { page, close } = await signedIn('stranger', '127.0.0.1');
  assert.deepEqual(await renew(page), { error: 'login_required' });
  // As a whole page it is asked with the cookie: nobody types a password again.
  await page.evaluate(() => void manager.signinRedirect({ prompt: 'none' }));
  await page.locator('#who', { hasText: PERSON.username }).waitFor();
  await close();
});

test('at another site it renews by refresh tokens, for as long as the session lasts', async () => {
  const { page, close } = await signedIn('refresher', '127.0.0.1', { options: REFRESHING });
  const tokens = new Set();
  for (let again = 0; again < 2; again += 1) {
    assert.deepEqual(await renew(page), { sub: PERSON.id, renewed: true, sid: true });
    tokens.add(await page.evaluate(() => manager.getUser().then((user) => user.refresh_token)));
  }
  assert.equal(tokens.size, 2, 'each is good once');
  await signOutElsewhere(page);
  assert.deepEqual(await renew(page), { error: 'invalid_grant' });
  await close();
});

test('its session monitor hears of a sign-out in another tab, and of nothing before', async () => {
  const { page, close } = await signedIn('watcher', 'localhost', { settings: { monitorSession: true } });
  // Two of its questions go by.
  await page.waitForTimeout(2500);
  assert.deepEqual(await page.evaluate(() => raised), []);
  await signOutElsewhere(page);
  await page.waitForFunction(() => raised.length > 0);
  assert.deepEqual(await page.evaluate(() => raised), ['UserSignedOut']);
  await close();
});
