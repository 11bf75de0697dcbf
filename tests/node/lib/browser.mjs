// A person at Chromium: one window, its pictures, and everything in it that should not have happened.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

const ARGUMENTS = [
  '--no-sandbox', // CI runs as root, where Chromium's sandbox refuses to work; only our own pages are opened
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function launch() {
  const executablePath = process.env.VESTIBULE_TEST_CHROMIUM;
  assert.ok(executablePath, 'VESTIBULE_TEST_CHROMIUM names no browser: `cargo xtask test --only node` finds one and sets it');
  return await chromium.launch({ executablePath, args: ARGUMENTS });
}

export class Window {
  #context;
  #hosts;
  #complaints = [];

  constructor(name, context, page, hosts) {
    this.name = name;
    this.page = page;
    this.#context = context;
    this.#hosts = hosts;
  }

  /** Opens one; `name` begins the names of its pictures, `origins` are the only ones that a page may fetch from. */
  static async open(browser, name, { origins, ...options }) {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(20_000);
    const window = new Window(name, context, await context.newPage(), new Set(origins.map((url) => new URL(url).origin)));
    window.#watch();
    return window;
  }

  #watch() {
    this.page.on('console', (message) => {
      if (/content.security.policy|refused to/i.test(message.text())) this.#complaints.push(message.text());
    });
    this.page.on('pageerror', (error) => this.#complaints.push(`script error: ${error.message}`));
    this.page.on('request', (request) => {
      const url = new URL(request.url());
      const fetched = ['http:', 'https:'].includes(url.protocol);
      if (fetched && !this.#hosts.has(url.origin)) this.#complaints.push(`fetched from elsewhere: ${url}`);
    });
  }

  /** Takes a picture of the whole page; on the way, checks that nothing sticks out at the side. */
  async picture(what) {
    const folder = process.env.VESTIBULE_TEST_OUTPUT;
    assert.ok(folder, 'VESTIBULE_TEST_OUTPUT names no folder for screenshots');
    mkdirSync(folder, { recursive: true });
    await this.page.screenshot({ path: join(folder, `${this.name}-${what}.png`), fullPage: true });
    const sticksOut = await this.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(sticksOut <= 0, `${this.name}: the ${what} page is ${sticksOut} pixels too wide`);
  }

  /** Closes it; fails where a page broke its content security policy, threw, or fetched from another host. */
  async close() {
    await this.#context.close();
    assert.deepEqual(this.#complaints, []);
  }
}
