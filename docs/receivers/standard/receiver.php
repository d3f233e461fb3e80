<?php
// Receives webhooks in the format of Standard Webhooks (contract `standard`, the default).
// PHP 8 or newer, nothing to install. PHP's own server, for trying it out:
//
//   export PORT=9000 SECRET=whsec_your-webhook-secret
//   php -S "127.0.0.1:$PORT" receiver.php

declare(strict_types=1);

// An older request may be one that somebody recorded and sends again.
const TOLERANCE_SECONDS = 5 * 60;

// The signature covers the bytes as they came: verify before anything parses them.
function verify(string $id, string $timestamp, string $body, string $signatures, string $key): bool
{
    if (!ctype_digit($timestamp) || abs(time() - (int) $timestamp) > TOLERANCE_SECONDS) {
        return false;
    }
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
    // While a secret is rotated there is a signature for each secret, separated by spaces.
    foreach (explode(' ', $signatures) as $signature) {
        // In constant time, so that nobody can find the signature character by character.
        if (hash_equals($expected, $signature)) {
            return true;
        }
    }
    return false;
}

function header_value(string $name): string
{
    return $_SERVER['HTTP_' . strtoupper(strtr($name, '-', '_'))] ?? '';
}

$secret = getenv('SECRET') ?: '';
if (!str_starts_with($secret, 'whsec_')) {
    throw new RuntimeException('SECRET must begin with whsec_');
}
$key = base64_decode(substr($secret, strlen('whsec_')));
$signatures = header_value(getenv('SIGNATURE_HEADER') ?: 'webhook-signature');
// The id is the same on every attempt: keep it in your database, and skip what is there already.
$remember = header_value('webhook-id');
$body = file_get_contents('php://input');

if (!verify($remember, header_value('webhook-timestamp'), $body, $signatures, $key)) {
    http_response_code(401);
    exit;
}

// As objects, not arrays: an empty object stays one.
$event = json_decode($body, flags: JSON_THROW_ON_ERROR);
$data = json_encode($event->data, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR);
$line = sprintf("accepted %s (remember %s): %s\n", $event->type, $remember, $data);
file_put_contents('php://stdout', $line);
http_response_code(200);
