// What a platform does with the typescript-fetch client that OpenAPI Generator made. It asserts what it is answered.
//
// It prints what it published, for the test to compare with what the receiver got.

import assert from 'node:assert/strict';
import {
  Configuration,
  DeliveriesApi,
  type Delivery,
  EventsApi,
  type NewEvent,
  Preset,
  type Problem,
  ResponseError,
  type RetryPolicy,
  Scope,
  TenantsApi,
  WebhooksApi,
} from './hooklane/index.js';

const { HOOKLANE_URL: basePath, HOOKLANE_KEY: KEY, TENANT, RECEIVER } = process.env;
const patienceMs = 90_000;

const withToken = (accessToken: string, headers: Record<string, string> = {}) =>
  new Configuration({ basePath: basePath!, accessToken, headers });

async function tokenOfTheTenant(operator: Configuration): Promise<string> {
  const newToken = { scopes: [Scope.WebhooksRead, Scope.WebhooksWrite, Scope.EventsPublish] };
  return (await new TenantsApi(operator).createToken({ tenant: TENANT!, newToken })).token;
}

async function create(client: Configuration, path: string, event: string, retryPolicy: RetryPolicy) {
  const newWebhook = { url: RECEIVER + path, events: [event], retryPolicy };
  const webhook = await new WebhooksApi(client).createWebhook({ newWebhook });
  assert.match(webhook.secret ?? '', /^whsec_/);
  return webhook;
}

async function webhooksByPages(client: Configuration): Promise<string[]> {
  const found: string[] = [];
  for (let page = 1; ; page++) {
    const listed = await new WebhooksApi(client).listWebhooks({ page, limit: 1 });
    found.push(...listed.data.map((webhook) => webhook.id));
    if (listed.page * listed.limit >= listed.total) return found;
  }
}

async function deliveriesByPages(client: Configuration, webhook: string, status: 'failed' | 'delivered') {
  const found: Delivery[] = [];
  let cursor: string | null | undefined;
  do {
    const listed = await new DeliveriesApi(client).listDeliveries({
      webhook,
      status,
      limit: 2,
      ...(cursor && { cursor }),
    });
    found.push(...listed.data);
    cursor = listed.nextCursor;
  } while (cursor);
  return found;
}

async function publish(client: Configuration, data: unknown): Promise<string> {
  const accepted = await new EventsApi(client).publishEvent({ newEvent: { type: 'order.created', data } });
  assert.equal(accepted.duplicate, false);
  return accepted.id;
}

/** A batch of three: two are accepted, and one has the id of another event. */
async function publishBatch(client: Configuration, taken: string): Promise<[string, unknown][]> {
  const events: NewEvent[] = [
    { type: 'order.shipped', data: { orderId: 'A-2' } },
    { type: 'order.created', data: 'another content', id: taken },
    { type: 'invoice.paid', data: { invoiceId: 'I-7' } },
  ];
  const { results } = await new EventsApi(client).publishEvents({ newEvents: { events } });
  assert.deepEqual(
    results.map((result) => result.status),
    [202, 409, 202],
  );
  assert.equal(results[1]?.error?.status, 409);
  return [0, 2].map((place) => [results[place]!.id!, events[place]!.data]);
}

async function retryWhatFailed(client: Configuration, webhook: string) {
  const deliveries = new DeliveriesApi(client);
  const failed = await eventually(async () => {
    const found = await deliveriesByPages(client, webhook, 'failed');
    return found.length > 0 && found;
  });
  assert.deepEqual(
    failed.map((delivery) => delivery.attemptCount),
    [2],
  );
  const delivery = failed[0]!.id;
  assert.equal((await deliveries.retryDelivery({ delivery })).id, delivery);
  const delivered = await eventually(async () => {
    const shown = await deliveries.getDelivery({ webhook, delivery });
    return shown.status === 'delivered' && shown;
  });
  assert.deepEqual(
    delivered.attempts.map((attempt) => attempt.statusCode),
    [500, 500, 200],
  );
}

async function readWhatIsWrong(client: Configuration) {
  const newWebhook = { url: 'http://example.com', events: ['order.*', 'no.such.type'], filter: 'event.type =' };
  const refused = await new WebhooksApi(client).createWebhook({ newWebhook }).catch((error: unknown) => error);
  assert(refused instanceof ResponseError);
  assert.equal(refused.response.status, 422);
  const problem: Problem = await refused.response.json();
  const wrong = Object.fromEntries((problem.errors ?? []).map((field) => [field.path, field.message]));
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
const steady = await create(operator, '/steady', 'order.*', { preset: Preset.Patient });
const broken = await create(operator, '/broken', 'invoice.paid', { scheduleSeconds: [1] });
assert.deepEqual(broken.retryPolicy?.scheduleSeconds, [1]);
assert(steady.retryPolicy?.scheduleSeconds?.length === 10);

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
