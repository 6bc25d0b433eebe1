<?php

declare(strict_types=1);

namespace Relevo\Outbox;

/** Where messages wait until they are sent. */
interface Store
{
    public function add(string $id, string $body, int $now): void;

    /**
     * At most so many that are due, the oldest first; nobody else gets them for `$seconds`.
     *
     * @return list<array{id: string, body: string, attempts: int, created: int}>
     */
    public function claim(int $now, int $most, int $seconds): array;

    public function done(string $id): void;

    /** It is tried again at `$due`. */
    public function later(string $id, int $attempts, int $due): void;
}
