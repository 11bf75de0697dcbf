// Chromium goes through the demo as a person would: sign-in, consent, the signed-in page, sign-out; with pictures.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, Window } from './lib/browser.mjs';
import { Demo } from './lib/demo.mjs';

const DESKTOP = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const WINDOWS = {
  'desktop-light': { ...DESKTOP, colorScheme: 'light' },
  'desktop-dark': { ...DESKTOP, colorScheme: 'dark' },
  'phone-light': { ...PHONE, colorScheme: 'light' },
  'phone-dark': { ...PHONE, colorScheme: 'dark' },
  'without-javascript': { ...DESKTOP, colorScheme: 'light', javaScriptEnabled: false },
};

let browser;

before(async () => {
  browser = await launch();
});

after(async () => await browser?.close());

for (const [name, options] of Object.entries(WINDOWS)) {
  test(`the demo signs in and out: ${name}`, async () => {
    // A demo for each window, since consent is remembered.
    const demo = await Demo.start();
    try {
      await walk(demo.where, name, options);
    } finally {
      await demo.stop();
    }
  });
}

async function walk({ issuer, app_url, api_url, users: [person] }, name, options) {
  const window = await Window.open(browser, name, { origins: [issuer, app_url, api_url], ...options });
  const { page } = window;

  await page.goto(app_url);
  await window.picture('1-app');
  await press(page, /^sign in/i);

  await page.locator('form#login').waitFor();
  assert.equal(new URL(page.url()).origin, new URL(issuer).origin, 'the password is asked for by the provider');
  await window.picture('2-sign-in');
  await signIn(page, person.username, 'not the password');
  await page.locator('#error').waitFor();
  await window.picture('3-sign-in-refused');

  await signIn(page, person.username, person.password);
  await page.locator('form#consent').waitFor();
  await window.picture('4-consent');
  await page.locator('#allow').click();

  await page.waitForURL((url) => url.origin === new URL(app_url).origin);
  await page.getByText(person.username).first().waitFor();
  await window.picture('5-signed-in');

  await press(page, /^sign out/i);
  await page.locator('form#logout, #signed-out').or(named(page, /^sign in/i)).first().waitFor();
  if (await page.locator('form#logout').isVisible()) {
    await window.picture('6-sign-out');
    await page.locator('#sign-out').click();
  }
  await page.locator('#signed-out').or(named(page, /^sign in/i)).first().waitFor();
  await window.picture('7-signed-out');

  await page.goto(app_url);
  await press(page, /^sign in/i);
  await page.locator('form#login').waitFor();
  await window.close();
}

async function signIn(page, username, password) {
  await page.locator('input[name=username]').fill(username);
  await page.locator('input[name=password]').fill(password);
  await page.locator('#sign-in').click();
}

function named(page, name) {
  return page.getByRole('link', { name }).or(page.getByRole('button', { name }));
}

async function press(page, name) {
  await named(page, name).first().click();
}
