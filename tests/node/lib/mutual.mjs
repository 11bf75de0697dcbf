// Fetching over TLS from a provider whose certificate the tests' own authority issued, with a client certificate or without.

import { readFileSync } from 'node:fs';
import { request } from 'node:https';

const folder = new URL('../certificates/', import.meta.url);

/** Where a file of the tests' certificates is. */
export const certificatePath = (name) => new URL(name, folder).pathname;

const pem = (name) => readFileSync(certificatePath(name));

/** Base64 of a certificate's DER, as `x5c` has it. */
export const certificateText = (name) =>
  pem(`${name}.pem`).toString().replace(/-----[^-]+-----|\s/g, '');

/** A `fetch` that shows the certificate of that name, if one is given. */
export function fetchAs(name) {
  const tls = { ca: pem('ca.pem') };
  if (name) Object.assign(tls, { cert: pem(`${name}.pem`), key: pem(`${name}-key.pem`) });
  return async (url, { method = 'GET', headers = {}, body } = {}) => {
    const sent = new Headers(headers);
    if (body instanceof URLSearchParams && !sent.has('content-type')) {
      sent.set('content-type', 'application/x-www-form-urlencoded;charset=UTF-8');
    }
    const text = body?.toString() ?? '';
    if (body !== undefined && body !== null) sent.set('content-length', String(Buffer.byteLength(text)));
    return await new Promise((resolve, reject) => {
      const options = { ...tls, method, headers: Object.fromEntries(sent), agent: false };
      const asked = request(url, options, (answer) => {
        const chunks = [];
        answer.on('error', reject);
        answer.on('data', (chunk) => chunks.push(chunk));
        answer.on('end', () => {
          const whole = Buffer.concat(chunks);
          const init = { status: answer.statusCode, headers: new Headers(Object.entries(answer.headers).map(([n, v]) => [n, String(v)])) };
          const response = new Response(whole.length > 0 ? whole : null, init);
          Object.defineProperty(response, 'url', { value: String(url) });
          resolve(response);
        });
      });
      asked.on('error', reject);
      asked.end(text);
    });
  };
}
