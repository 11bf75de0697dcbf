// A person at a browser without JavaScript: keeps cookies, follows redirects, fills in forms and presses buttons.

import assert from 'node:assert/strict';

import { findForm, hasElement } from './html.mjs';

const MOST_REDIRECTS = 10;
const MOST_PAGES = 8;
const PATIENCE_MS = 30_000;

export class Visitor {
  #cookies = new Map();

  /** Addresses that begin with one of `stops` are not fetched: they belong to the application. */
  constructor(...stops) {
    this.stops = stops;
  }

  /** Opens an address and gives the page it ends at, or `{ callback }` where that is the application's. */
  async open(address) {
    return await this.#follow(new URL(address), { method: 'GET' });
  }

  /** Fills in the form with that id, presses a button, and gives the next page. */
  async submit(page, formId, buttonId, fields = {}) {
    const form = findForm(page.body, formId);
    assert.ok(form, `${page.address} has no form#${formId}:\n${page.body}`);
    const button = form.buttons.find((candidate) => candidate.id === buttonId);
    assert.ok(button, `form#${formId} has no button #${buttonId}`);
    const body = new URLSearchParams([...form.hidden, ...Object.entries(fields)]);
    if (button.name) body.append(button.name, button.value ?? '');
    assert.equal(form.method, 'post', `form#${formId} posts`);
    const target = new URL(form.action || page.address, page.address);
    // What a browser sends: the page's own origin.
    const headers = { Origin: new URL(page.address).origin };
    return await this.#follow(target, { method: 'POST', body, headers });
  }

  async #follow(address, request) {
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
      if (this.stops.some((stop) => address.href.startsWith(stop))) return { callback: arrived(address, request) };
      const headers = this.#headers(request, address);
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const answer = await fetch(address, { ...request, redirect: 'manual', headers, signal });
      this.#keepCookies(answer, address);
      const body = await answer.text();
      if (![302, 303].includes(answer.status)) return { address: address.href, status: answer.status, body };
      address = new URL(answer.headers.get('location'), address);
      request = { method: 'GET' };
    }
    throw new Error(`more than ${MOST_REDIRECTS} redirects, the last to ${address}`);
  }

  #headers(request, address) {
    const jar = this.#cookies.get(address.hostname) ?? new Map();
    const cookies = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    return { Accept: 'text/html', ...request.headers, ...(cookies && { Cookie: cookies }) };
  }

  #keepCookies(answer, address) {
    const jar = this.#cookies.get(address.hostname) ?? new Map();
    this.#cookies.set(address.hostname, jar);
    for (const cookie of answer.headers.getSetCookie()) {
      const [pair, ...attributes] = cookie.split(';').map((part) => part.trim());
      const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      if (attributes.some(isPast)) jar.delete(name);
      else jar.set(name, value);
    }
  }
}

/** What comes to the application: an address, or what was posted to it. */
function arrived(address, { method, body }) {
  return method === 'POST' ? new Request(address, { method, body }) : address;
}

function isPast(attribute) {
  const [name, value] = attribute.split('=');
  if (/^max-age$/i.test(name)) return Number(value) <= 0;
  return /^expires$/i.test(name) && Date.parse(value) <= Date.now();
}

/**
 * Walks from an authorization request to the application's callback, through whatever pages lie between: signs in with
 * `username` and `password` where asked, and presses `consent` (`allow` or `deny`) where asked.
 */
export async function walkToCallback(visitor, address, { username, password, consent = 'allow' }) {
  let page = await visitor.open(address);
  for (let pages = 0; pages < MOST_PAGES && !page.callback; pages += 1) {
    if (findForm(page.body, 'login')) {
      assert.ok(!hasElement(page.body, 'error'), `the sign-in failed:\n${page.body}`);
      page = await visitor.submit(page, 'login', 'sign-in', { username, password });
    } else if (findForm(page.body, 'consent')) {
      page = await visitor.submit(page, 'consent', consent);
    } else if (findForm(page.body, 'form-post-form')) {
      page = await visitor.submit(page, 'form-post-form', 'continue');
    } else {
      assert.fail(`${page.address} (${page.status}) is neither sign-in nor consent:\n${page.body}`);
    }
  }
  assert.ok(page.callback, 'the way to the application goes through too many pages');
  return page.callback;
}
