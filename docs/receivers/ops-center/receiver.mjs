// Receives webhooks in the format of Ops Center (contract `ops-center`).
// Node.js 18 or newer, nothing to install:
//
//   PORT=9000 SECRET=your-webhook-secret node receiver.mjs

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const { PORT, SECRET, SIGNATURE_HEADER = 'X-Webhook-Signature' } = process.env;
if (!PORT || !SECRET) {
  throw new Error('PORT and SECRET must be set');
}

// The signature covers the bytes as they came: verify before anything parses them.
function verify(body, signature) {
  const digest = createHmac('sha256', SECRET).update(body).digest('hex');
  return same(signature, digest);
}

// In constant time, so that nobody can find the signature character by character.
function same(given, expected) {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  // timingSafeEqual throws when the lengths differ.
  return a.length === b.length && timingSafeEqual(a, b);
}

// Returns the status to answer with.
function receive(headers, body) {
  if (!verify(body, headers[SIGNATURE_HEADER.toLowerCase()] ?? '')) {
    return 401;
  }
  const event = JSON.parse(body);
  // No header names the delivery, but its body is the same on every attempt. Keep the body's digest in
  // your database, and skip what is there already.
  const remember = createHash('sha256').update(body).digest('hex');
  console.log(`accepted ${event.event} (remember ${remember}): ${JSON.stringify(event.data)}`);
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
