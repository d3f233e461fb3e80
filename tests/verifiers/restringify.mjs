// A receiver that keeps only `req.body`: what it can verify is JSON.stringify of the body that it parsed. Reads
// {secret, body} from stdin, body in base64, and prints the HMAC-SHA256 over that in hex.

import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

const { secret, body } = JSON.parse(readFileSync(0, 'utf8'));
const parsed = JSON.parse(Buffer.from(body, 'base64').toString('utf8'));
process.stdout.write(createHmac('sha256', secret).update(JSON.stringify(parsed)).digest('hex'));
