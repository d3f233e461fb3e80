// Verifies deliveries with the packages that their receivers use.
//
// Reads a JSON list of checks from stdin and writes a JSON list of verdicts, in the same order.
// One process does many checks, because starting Node and loading the packages takes most of the time.
//
//   check    {package, secret, headers: {name: value}, body: base64, laterBySeconds}
//   verdict  {accepted: true, understood} or {accepted: false, error: the error's class, message}

import { text } from 'node:stream/consumers';

// Each returns what the package reads from the request, or throws. A package is loaded when a check needs it.
const packages = {
  async standardwebhooks({ secret, headers, body }) {
    const { Webhook } = await import('standardwebhooks');
    return new Webhook(secret).verify(body, headers);
  },

  async svix({ secret, headers, body }) {
    const { Webhook } = await import('svix');
    return new Webhook(secret).verify(body, headers);
  },

  async '@octokit/webhooks-methods'({ secret, headers, body }) {
    const { verify } = await import('@octokit/webhooks-methods');
    if (!(await verify(secret, body.toString(), headers['x-hub-signature-256']))) {
      throw new SignatureMismatch('verify() answered false');
    }
    return JSON.parse(body);
  },

  async stripe({ secret, headers, body }) {
    const { default: Stripe } = await import('stripe');
    return Stripe.webhooks.constructEvent(body, headers['stripe-signature'], secret);
  },

  // This checks no signature, only that the request is a CloudEvent with valid attributes.
  async cloudevents({ headers, body }) {
    const { HTTP } = await import('cloudevents');
    const message = { headers, body: body.toString() };
    if (!HTTP.isEvent(message)) {
      throw new TypeError('not a CloudEvent');
    }
    const event = HTTP.toEvent(message);
    event.validate();
    return event.toJSON();
  },
};

// For the package whose verifier returns false. The others throw errors of their own.
class SignatureMismatch extends Error {}

const realNow = Date.now;

async function verdict({ package: name, laterBySeconds = 0, body, ...request }) {
  // Verifies the request at a later time: the packages compare its timestamp with this clock.
  Date.now = () => realNow() + laterBySeconds * 1000;
  try {
    const understood = await packages[name]({ ...request, body: Buffer.from(body, 'base64') });
    return { accepted: true, understood };
  } catch (error) {
    return { accepted: false, error: error.constructor.name, message: error.message };
  } finally {
    Date.now = realNow;
  }
}

const verdicts = [];
// One after the other, because they share the clock.
for (const check of JSON.parse(await text(process.stdin))) {
  verdicts.push(await verdict(check));
}
process.stdout.write(JSON.stringify(verdicts));
