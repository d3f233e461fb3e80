// Holds deliveries against the packages that their receivers would use.
//
// Reads a JSON list of checks from its input and writes the list of verdicts, in the same order.
// One process for many checks, because starting Node and loading the packages is what takes time.
//
//   check    {package, secret, headers: {name: value}, body: base64, laterBySeconds}
//   verdict  {accepted: true, understood} or {accepted: false, error: the error's class, message}

import { text } from 'node:stream/consumers';

// Loaded only where a check asks for it. Each returns what the package makes of the request, or throws.
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

  // No signature here: whether it is a CloudEvent, and what its attributes are.
  async cloudevents({ headers, body }) {
    const { HTTP } = await import('cloudevents');
    const message = { headers, body: body.toString() };
    if (!HTTP.isEvent(message)) {
      throw new TypeError('no CloudEvent');
    }
    const event = HTTP.toEvent(message);
    event.validate();
    return event.toJSON();
  },
};

// Named for the package whose verifier answers false where others throw an error of their own.
class SignatureMismatch extends Error {}

const realNow = Date.now;

async function verdict({ package: name, laterBySeconds = 0, body, ...request }) {
  // A genuine request that is looked at later: the packages compare its time with this clock.
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
// In turn, not at once: they share the clock.
for (const check of JSON.parse(await text(process.stdin))) {
  verdicts.push(await verdict(check));
}
process.stdout.write(JSON.stringify(verdicts));
