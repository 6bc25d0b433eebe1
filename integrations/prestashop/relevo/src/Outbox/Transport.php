<?php

declare(strict_types=1);

namespace Relevo\Outbox;

/** Hands a request over. */
interface Transport
{
    /**
     * The HTTP status; 0 if there was no answer. Never throws.
     *
     * @param array<string, string> $headers
     */
    public function post(string $url, string $body, array $headers): int;
}
