// Receives webhooks in the format of Standard Webhooks (contract `standard`, the default).
// Node.js 18 or newer, nothing to install:
//
//   PORT=9000 SECRET=whsec_your-webhook-secret node receiver.mjs

import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const { PORT, SECRET, SIGNATURE_HEADER = 'webhook-signature' } = process.env;
if (!PORT || !SECRET?.startsWith('whsec_')) {
  throw new Error('PORT and SECRET must be set, and SECRET begins with whsec_');
}
const KEY = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
// An older request may be one that somebody recorded and sends again.
const TOLERANCE_SECONDS = 5 * 60;

// The signature covers the bytes as they came: verify before anything parses them.
function verify(id, timestamp, body, signatures) {
  if (!/^\d+$/.test(timestamp) || Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) {
    return false;
  }
  const digest = createHmac('sha256', KEY).update(`${id}.${timestamp}.`).update(body).digest('base64');
  // While a secret is rotated there is a signature for each secret, separated by spaces.
  return signatures.split(' ').some((signature) => same(signature, `v1,${digest}`));
}

// In constant time, so that nobody can find the signature character by character.
function same(given, expected) {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  // timingSafeEqual throws when the lengths differ.
  return a.length === b.length && timingSafeEqual(a, b);
}

// Returns the status to answer with.
function receive(headers, body) {
  // The id is the same on every attempt: keep it in your database, and skip what is there already.
  const { 'webhook-id': remember = '', 'webhook-timestamp': timestamp = '' } = headers;
  if (!verify(remember, timestamp, body, headers[SIGNATURE_HEADER.toLowerCase()] ?? '')) {
    return 401;
  }
  const event = JSON.parse(body);
  console.log(`accepted ${event.type} (remember ${remember}): ${JSON.stringify(event.data)}`);
  return 200;
}

const server = createServer((request, response) => {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => response.writeHead(receive(request.headers, Buffer.concat(pieces))).end());
});
server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
