// The program under test as a child process: started, read, asked to end, never left behind.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const PATIENCE_MS = 30_000;

// Whatever happens to a test, nothing that it started outlives it.
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

export class Program {
  #child;
  #log = '';
  #output = '';
  #ended;

  /** Starts `vestibule ARGS…` in `folder`. Its environment is ours without any configuration of Vestibule's. */
  constructor(args, { folder, environment = {} }) {
    this.#child = spawn(binary(), args, { cwd: folder, env: cleanEnvironment(environment), stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdin.on('error', () => {}); // it may end before it has read everything
    this.#child.stdout.setEncoding('utf8').on('data', (text) => (this.#output += text));
    this.#child.stderr.setEncoding('utf8').on('data', (text) => (this.#log += text));
    running.add(this.#child);
    this.#ended = once(this.#child, 'close').then(([code, signal]) => {
      running.delete(this.#child);
      return { code, signal };
    });
    this.#ended.catch(() => {}); // it could not be started: told to whoever waits for its end
  }

  /** What it wrote on standard output so far. */
  get output() {
    return this.#output;
  }

  /** What it logged so far, for messages. */
  get log() {
    return this.#log;
  }

  get running() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Gives it its standard input. */
  type(text) {
    this.#child.stdin.end(text);
  }

  /** Waits until `check` gives something; fails where the program ends before. */
  async until(what, check) {
    const deadline = Date.now() + PATIENCE_MS;
    while (Date.now() < deadline) {
      const found = await check();
      if (found) return found;
      if (!this.running) throw new Error(`it ended before ${what}:\n${this.#log}`);
      await delay(50);
    }
    throw new Error(`${what} took longer than ${PATIENCE_MS} ms:\n${this.#log}`);
  }

  /** Waits for its end and gives the exit code, or the name of the signal that ended it. */
  async ended() {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MS);
    const { code, signal } = await this.#ended;
    clearTimeout(timer);
    return code ?? signal;
  }

  /** Sends it a signal. */
  tell(signal) {
    this.#child.kill(signal);
  }

  /** Asks it to drain and stop, as an operator would; it must end well. */
  async stop() {
    this.#child.kill('SIGTERM');
    const code = await this.ended();
    if (code !== 0) throw new Error(`after SIGTERM it ended with ${code} instead of 0:\n${this.#log}`);
  }
}

/** Runs `vestibule ARGS… --json` to its end and gives the one document that it prints. */
export async function command(args, { folder, input = '' }) {
  const program = new Program([...args, '--json'], { folder });
  program.type(input);
  const code = await program.ended();
  if (code !== 0) throw new Error(`\`vestibule ${args.join(' ')}\` ended with ${code}:\n${program.log}`);
  return JSON.parse(program.output);
}

/** A port that is free on both loopback addresses, since `localhost` may mean either. */
export async function freePort() {
  for (let tries = 0; tries < 50; tries += 1) {
    const port = await listenOnce('127.0.0.1', 0);
    if (await listenOnce('::1', port)) return port;
  }
  throw new Error('no port is free on 127.0.0.1 and ::1');
}

async function listenOnce(host, port) {
  const server = createServer();
  try {
    const listening = once(server, 'listening');
    server.listen(port, host);
    await listening;
    return server.address().port;
  } catch (error) {
    // A machine without IPv6 has nobody on ::1 either.
    return error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT' ? port : 0;
  } finally {
    server.close();
  }
}

function binary() {
  const path = process.env.VESTIBULE_BIN;
  if (!path) throw new Error('VESTIBULE_BIN names no program: `cargo xtask test --only node` builds it and sets it');
  return path;
}

function cleanEnvironment(additions) {
  const ours = Object.entries(process.env).filter(([name]) => !name.startsWith('VESTIBULE_'));
  return { ...Object.fromEntries(ours), ...additions };
}
