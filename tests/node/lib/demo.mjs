// `vestibule demo` in a temporary folder, on a free port.

import { temporaryFolder } from './folder.mjs';
import { freePort, Program } from './program.mjs';

export class Demo {
  #program;

  constructor(program, where) {
    this.#program = program;
    /** What it printed: `issuer`, `app_url`, `api_url` and `users`, each with `username` and `password`. */
    this.where = where;
  }

  static async start() {
    const port = await freePort();
    const environment = {
      VESTIBULE_HTTP__LISTEN: `localhost:${port}`,
      VESTIBULE_HTTP__PUBLIC_URL: `http://localhost:${port}`,
    };
    const program = new Program(['demo', '--json'], { folder: temporaryFolder(), environment });
    const where = await program.until('the demo said where to click', () => document(program.output));
    return new Demo(program, where);
  }

  async stop() {
    await this.#program.stop();
  }
}

/** The document that the program printed, once it is whole. */
function document(output) {
  try {
    return JSON.parse(output);
  } catch {
    return undefined;
  }
}
