<?php

declare(strict_types=1);

namespace Relevo\Outbox;

/** How a body is signed: `t=SECONDS,v1=HEX`, the HMAC-SHA256 over `t.body`. */
final class Signature
{
    public const HEADER = 'Relevo-Signature';

    public static function of(string $secret, string $body, int $second): string
    {
        return sprintf('t=%d,v1=%s', $second, hash_hmac('sha256', $second . '.' . $body, $secret));
    }
}
