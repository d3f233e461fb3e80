<?php
// Receives webhooks in the format of Virtual Queue's own verifiers (contract `virtual-queue-hex`).
// PHP 8 or newer, nothing to install. PHP's own server, for trying it out:
//
//   export PORT=9000 SECRET=your-webhook-secret
//   php -S "127.0.0.1:$PORT" receiver.php

declare(strict_types=1);

// The signature covers the bytes as they came: verify before anything parses them.
function verify(string $body, string $signature, string $secret): bool
{
    $expected = hash_hmac('sha256', $body, $secret);
    // In constant time, so that nobody can find the signature character by character.
    return hash_equals($expected, $signature);
}

function header_value(string $name): string
{
    return $_SERVER['HTTP_' . strtoupper(strtr($name, '-', '_'))] ?? '';
}

$secret = getenv('SECRET') ?: throw new RuntimeException('SECRET must be set');
$signature = header_value(getenv('SIGNATURE_HEADER') ?: 'X-Webhook-Signature');
$body = file_get_contents('php://input');

if (!verify($body, $signature, $secret)) {
    http_response_code(401);
    exit;
}

// As objects, not arrays: an empty object stays one.
$event = json_decode($body, flags: JSON_THROW_ON_ERROR);
// The same on every attempt: keep it in your database, and skip what is there already.
$remember = header_value('X-Webhook-Delivery');
$data = json_encode($event->data, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR);
$line = sprintf("accepted %s (remember %s): %s\n", $event->type, $remember, $data);
file_put_contents('php://stdout', $line);
http_response_code(200);
