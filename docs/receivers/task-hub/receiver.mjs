// Receives webhooks in the format of the task integration guide (contract `task-hub`).
// Node.js 18 or newer, nothing to install:
//
//   PORT=9000 SECRET=your-webhook-secret node receiver.mjs

import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const { PORT, SECRET, SIGNATURE_HEADER = 'X-Hub-Signature' } = process.env;
if (!PORT || !SECRET) {
  throw new Error('PORT and SECRET must be set');
}

// The signature covers the body as JSON.stringify writes it. Hooklane sends exactly that text, so this
// verifies behind a framework that hands over the parsed body; the bytes as they came verify as well.
function verify(event, signature) {
  const expected = createHmac('sha256', SECRET).update(JSON.stringify(event)).digest('hex');
  return same(signature.replace('sha256=', ''), expected);
}

// In constant time, so that nobody can find the signature character by character.
function same(given, expected) {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  // timingSafeEqual throws when the lengths differ.
  return a.length === b.length && timingSafeEqual(a, b);
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

// Returns the status to answer with.
function receive(headers, body) {
  const event = parsed(body);
  if (event === undefined || !verify(event, headers[SIGNATURE_HEADER.toLowerCase()] ?? '')) {
    return 401;
  }
  // The same on every attempt: keep it in your database, and skip what is there already.
  const remember = headers['x-delivery-id'];
  console.log(`accepted ${headers['x-event-type']} (remember ${remember}): ${JSON.stringify(event)}`);
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
