<?php

declare(strict_types=1);

namespace Relevo;

/** An event that is stored; `note` says where it differs from what was sent. */
final class Accepted
{
    public function __construct(
        public readonly string $id,
        public readonly string $type,
        public readonly string $key,
        public readonly string $time,
        public readonly string $note = '',
    ) {
    }
}
