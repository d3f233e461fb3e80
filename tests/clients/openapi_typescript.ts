// What a platform does with openapi-fetch and the types that openapi-typescript made. It asserts what it is answered.
//
// It prints what it published, for the test to compare with what the receiver got.

import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.js';

type Schemas = components['schemas'];

const { HOOKLANE_URL: baseUrl, HOOKLANE_KEY: KEY, TENANT, RECEIVER } = process.env;
const patienceMs = 90_000;

const withToken = (token: string, headers: Record<string, string> = {}) =>
  createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}`, ...headers } });
type Client = ReturnType<typeof withToken>;

/** What the document does not allow is not compiled: `tsc` fails if one of these lines has no error. */
export const notAllowed = [
  // @ts-expect-error it has no events
  { url: 'https://example.com' } satisfies Schemas['NewWebhook'],
  // @ts-expect-error there is no such field
  { url: 'https://example.com', events: ['*'], colour: 'red' } satisfies Schemas['NewWebhook'],
  // @ts-expect-error a text is no number
  { scheduleSeconds: ['5'] } satisfies Schemas['RetryPolicy'],
];

/** What an operation answered; fails if that is a problem. */
function answered<T>({ data, error }: { data?: T; error?: unknown }): T {
  assert.equal(error, undefined);
  assert(data !== undefined);
  return data;
}

async function tokenOfTheTenant(operator: Client): Promise<string> {
  const created = await operator.POST('/tenants/{tenant}/tokens', {
    params: { path: { tenant: TENANT! } },
    body: { scopes: ['webhooks:read', 'webhooks:write', 'events:publish'] },
  });
  return answered(created).token;
}

async function create(client: Client, path: string, event: string, retryPolicy: Schemas['RetryPolicy']) {
  const webhook = answered(
    await client.POST('/webhooks', { body: { url: RECEIVER + path, events: [event], retryPolicy } }),
  );
  assert.match(webhook.secret ?? '', /^whsec_/);
  return webhook;
}

async function webhooksByPages(client: Client): Promise<string[]> {
  const found: string[] = [];
  for (let page = 1; ; page++) {
    const listed = answered(await client.GET('/webhooks', { params: { query: { page, limit: 1 } } }));
    found.push(...listed.data.map((webhook) => webhook.id));
    if (listed.page * listed.limit >= listed.total) return found;
  }
}

async function deliveriesByPages(client: Client, webhook: string, status: 'failed' | 'delivered') {
  const found: Schemas['Delivery'][] = [];
  let cursor: string | null | undefined;
  do {
    const query = { limit: 2, status, ...(cursor && { cursor }) };
    const listed = answered(
      await client.GET('/webhooks/{webhook}/deliveries', { params: { path: { webhook }, query } }),
    );
    found.push(...listed.data);
    cursor = listed.nextCursor;
  } while (cursor);
  return found;
}

async function publish(client: Client, data: unknown): Promise<string> {
  const accepted = answered(await client.POST('/events', { body: { type: 'order.created', data } }));
  assert.equal(accepted.duplicate, false);
  return accepted.id;
}

/** A batch of three: two are accepted, and one has the id of another event. */
async function publishBatch(client: Client, taken: string): Promise<[string, unknown][]> {
  const events: Schemas['NewEvent'][] = [
    { type: 'order.shipped', data: { orderId: 'A-2' } },
    { type: 'order.created', data: 'another content', id: taken },
    { type: 'invoice.paid', data: { invoiceId: 'I-7' } },
  ];
  const { results } = answered(await client.POST('/events/batch', { body: { events } }));
  assert.deepEqual(
    results.map((result) => result.status),
    [202, 409, 202],
  );
  assert.equal(results[1]?.error?.status, 409);
  return [0, 2].map((place) => [results[place]!.id!, events[place]!.data]);
}

async function retryWhatFailed(client: Client, webhook: string) {
  const failed = await eventually(async () => {
    const found = await deliveriesByPages(client, webhook, 'failed');
    return found.length > 0 && found;
  });
  assert.deepEqual(
    failed.map((delivery) => delivery.attemptCount),
    [2],
  );
  const delivery = failed[0]!.id;
  const retried = await client.POST('/webhooks/deliveries/{delivery}/retry', { params: { path: { delivery } } });
  assert.equal(answered(retried).id, delivery);
  const delivered = await eventually(async () => {
    const path = { webhook, delivery };
    const shown = answered(await client.GET('/webhooks/{webhook}/deliveries/{delivery}', { params: { path } }));
    return shown.status === 'delivered' && shown;
  });
  assert.deepEqual(
    delivered.attempts.map((attempt) => attempt.statusCode),
    [500, 500, 200],
  );
}

async function readWhatIsWrong(client: Client) {
  const { error, response } = await client.POST('/webhooks', {
    body: { url: 'http://example.com', events: ['order.*', 'no.such.type'], filter: 'event.type =' },
  });
  assert.equal(response.status, 422);
  const wrong = Object.fromEntries((error?.errors ?? []).map((field) => [field.path, field.message]));
  assert.deepEqual(Object.keys(wrong).sort(), ['events[1]', 'filter', 'url']);
  assert(Object.values(wrong).every((message) => message));
}

async function eventually<T>(probe: () => Promise<T | false>): Promise<T> {
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; ) {
    const found = await probe();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`not within ${patienceMs} ms`);
}

const operator = withToken(KEY!, { 'X-Tenant-Id': TENANT! });
const steady = await create(operator, '/steady', 'order.*', { preset: 'patient' });
const broken = await create(operator, '/broken', 'invoice.paid', { scheduleSeconds: [1] });
assert.deepEqual(broken.retryPolicy, { scheduleSeconds: [1] });

const client = withToken(await tokenOfTheTenant(operator));
assert.deepEqual(await webhooksByPages(client), [broken.id, steady.id]);

const contents = [{ orderId: 'A-1', lines: [{ price: 49.9 }, null] }, ['a', 2, { b: true }], 'plain text', 12.5];
const published: [string, unknown][] = [];
for (const data of contents) published.push([await publish(client, data), data]);
published.push(...(await publishBatch(client, published[0]![0])));
const delivered = await eventually(async () => {
  const found = await deliveriesByPages(client, steady.id, 'delivered');
  return found.length === 5 && found;
});
const ids = new Set(published.map(([id]) => id));
assert(delivered.every((delivery) => ids.has(delivery.eventId)));
await retryWhatFailed(client, broken.id);
await readWhatIsWrong(client);
console.log(
  JSON.stringify({
    published: Object.fromEntries(published),
    secrets: { '/steady': steady.secret, '/broken': broken.secret },
  }),
);
