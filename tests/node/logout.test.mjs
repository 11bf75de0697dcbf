// Two applications in one Chromium: signing out of one signs out of the other, by way of the browser and behind it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { launch, Window } from './lib/browser.mjs';
import { Provider } from './lib/provider.mjs';
import { Site } from './lib/site.mjs';

const PERSON = { username: 'ada', email: 'ada@example.com', password: 'a long password for ada' };

let browser;
let provider;
let sites;

before(async () => {
  browser = await launch();
  provider = await Provider.start('[fetch]\nallow_private_networks = true\n');
  await provider.createUser(PERSON);
});

after(async () => {
  await browser?.close();
  await provider?.stop();
});

/** Two applications, registered anew, at one of which nobody is signed in yet. */
async function applications() {
  sites = [await new Site('harbour').open(), await new Site('lighthouse').open()];
  for (const [number, site] of sites.entries()) {
    await site.connect(provider.issuer, await provider.createClient(`Application ${number}`, ...site.options));
  }
  await provider.noticed();
  return sites;
}

async function signIn(page, site) {
  await page.goto(site.url);
  await page.locator('#sign-in').click();
  await page.locator('form#login, #somebody').first().waitFor();
  if (await page.locator('form#login').isVisible()) {
    await page.locator('input[name=username]').fill(PERSON.username);
    await page.locator('input[name=password]').fill(PERSON.password);
    await page.locator('#sign-in').click();
  }
  await page.locator('#somebody').waitFor();
}

async function until(what, check) {
  for (let tries = 0; tries < 200; tries += 1) {
    if (check()) return;
    await delay(50);
  }
  assert.fail(`it did not happen: ${what}`);
}

for (const [name, options] of Object.entries({ 'with JavaScript': {}, 'without JavaScript': { javaScriptEnabled: false } })) {
  test(`signing out of one application signs out of both and leads back: ${name}`, async () => {
    const [here, there] = await applications();
    const origins = [provider.issuer, here.url, there.url];
    const window = await Window.open(browser, `logout-${name.replaceAll(' ', '-')}`, { origins, ...options });
    const { page } = window;
    await signIn(page, here);
    await signIn(page, there);
    const [mine, theirs] = [here.sessions[0].claims, there.sessions[0].claims];
    assert.equal(mine.sid, theirs.sid, 'one session at the provider');
    await page.goto(here.url);
    await page.locator('#sign-out').click();
    await page.waitForURL(`${here.url}/signed-out**`);
    assert.equal(await page.locator('#back').textContent(), 'back again');
    for (const site of [here, there]) {
      await until('it was told', () => site.told.length === 1);
      assert.equal(site.told[0].sid, mine.sid);
      assert.equal(site.told[0].sub, mine.sub);
      assert.deepEqual(site.loaded.map(({ iss, sid }) => ({ iss, sid })), [{ iss: provider.issuer, sid: mine.sid }]);
      assert.deepEqual(site.sessions, []);
      await page.goto(site.url);
      await page.locator('#nobody').waitFor();
      await site.close();
    }
    await window.close();
  });
}

test('a page that watches the session hears of the sign-out, and tells nobody else', async () => {
  const [here, there] = await applications();
  const window = await Window.open(browser, 'session-monitor', { origins: [provider.issuer, here.url, there.url] });
  const { page } = window;
  await signIn(page, here);
  const ask = (...message) => page.evaluate((message) => window.ask(...message), message);
  assert.equal(await ask(), 'unchanged');
  for (const nonsense of ['', 'nonsense', 'a b', 'client hash.salt', `${here.config.clientMetadata().client_id} `]) {
    assert.equal(await ask(nonsense), 'error', nonsense);
  }
  const { client_id } = here.config.clientMetadata();
  assert.equal(await ask(`${client_id} ${'A'.repeat(43)}.salt`), 'changed');
  assert.equal(await ask(`someone-else ${here.sessions[0].sessionState}`), 'changed');
  assert.equal(await ask({ an: 'object' }), 'silence');

  const other = await page.context().newPage();
  await other.goto(`${provider.issuer}/logout`);
  await other.locator('#sign-out').click();
  await other.locator('#signed-out').waitFor();
  assert.equal(await ask(), 'changed');
  for (const site of [here, there]) await site.close();
  await window.close();
});
