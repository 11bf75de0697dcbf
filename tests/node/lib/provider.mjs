// A provider of one's own: `vestibule serve` in a temporary folder, filled through the program's own commands.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { temporaryFolder } from './folder.mjs';
import { certificatePath, fetchAs } from './mutual.mjs';
import { command, freePort, Program } from './program.mjs';

// A running server notices what a command wrote within a second; that is promised, no sooner.
const NOTICED_MS = 1000;

export class Provider {
  #folder;
  #program;

  constructor(issuer, folder, program) {
    this.issuer = issuer;
    this.#folder = folder;
    this.#program = program;
  }

  /** Starts one on SQLite and a free port, with more of a configuration, and waits until it is ready. */
  static async start(configuration = '') {
    const folder = temporaryFolder();
    const port = await freePort();
    const issuer = `http://localhost:${port}`;
    const http = `[http]\nlisten = "localhost:${port}"\npublic_url = "${issuer}"\n`;
    writeFileSync(join(folder, 'vestibule.toml'), `${http}${configuration}`);
    const program = new Program(['serve', '--config', 'vestibule.toml'], { folder });
    const provider = new Provider(issuer, folder, program);
    await program.until('the provider was ready', () => isReady(issuer));
    return provider;
  }

  /** Starts one over TLS, with a second listener that asks for a client certificate. */
  static async startMutual() {
    const folder = temporaryFolder();
    const [port, second] = [await freePort(), await freePort()];
    const issuer = `https://localhost:${port}`;
    const file = (name) => JSON.stringify(certificatePath(name));
    const http = [
      `[http]\nlisten = "localhost:${port}"\npublic_url = "${issuer}"`,
      `[http.tls]\ncertificate = ${file('server.pem')}\nkey = ${file('server-key.pem')}`,
      `[http.mtls]\nlisten = "localhost:${second}"\nclient_ca = ${file('ca.pem')}\n`,
    ];
    writeFileSync(join(folder, 'vestibule.toml'), http.join('\n'));
    const program = new Program(['serve', '--config', 'vestibule.toml'], { folder });
    const provider = new Provider(issuer, folder, program);
    await program.until('the provider was ready', () => isReady(issuer, fetchAs()));
    return provider;
  }

  /** An API with a scope. */
  async createApi(identifier, scope) {
    return await command(['apis', 'create', identifier, '--scope', scope], { folder: this.#folder });
  }

  /** A person who can sign in; gives the id, which is the `sub` that applications see. */
  async createUser({ username, email, password }) {
    const args = ['users', 'create', username, '--email', email, '--password-stdin'];
    const { id } = await command(args, { folder: this.#folder, input: `${password}\n` });
    return id;
  }

  /** An application; gives `{ client_id, client_secret }`, the latter unless it is public. */
  async createClient(name, ...options) {
    return await command(['clients', 'create', '--name', name, ...options], { folder: this.#folder });
  }

  /** Any other command of the program; gives what it reports. */
  async run(...args) {
    return await command([...args], { folder: this.#folder });
  }

  /** Waits until the server knows what commands wrote up to now. */
  async noticed() {
    await delay(NOTICED_MS);
  }

  /** Ends it as an operator would, and fails unless it ends well. */
  async stop() {
    await this.#program.stop();
  }
}

/** Whether it says that it is ready. */
export async function isReady(issuer, get = fetch) {
  const answer = await get(`${issuer}/health/ready`, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
  await answer?.arrayBuffer();
  return answer?.status === 200;
}
