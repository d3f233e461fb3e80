// A receiver with the types that openapi-typescript makes of the document of a tenant's webhooks. Only what it may
// read of a request compiles.

import type { components, webhooks } from "./webhooks.js";

type Request<Name extends keyof webhooks> = webhooks[Name]["post"]["requestBody"]["content"]["application/json"];
type Headers<Name extends keyof webhooks> = webhooks[Name]["post"]["parameters"]["header"];
type Address = components["schemas"]["order.created..address"];

function city(request: Request<"order.created">): string {
  const to: Address = request.data.to;
  // @ts-expect-error - the schema does not require it
  const total: number = request.data.total;
  return `${to.city}, ${total}, ${request.data.lines?.[0]?.sku}`;
}

function type(request: Request<"order.created"> | Request<"ping">): string {
  const time: string = request.timestamp;
  return request.type === "ping" ? `ping at ${time}` : city(request);
}

function id(headers: Headers<"ping">): string {
  const began: number = headers["webhook-timestamp"];
  return `${headers["webhook-id"]} ${began}`;
}

const [sent, headers] = [JSON.parse(process.env.SENT ?? ""), JSON.parse(process.env.HEADERS ?? "")];
console.log(type(sent));
console.log(id(headers));
