<?php

declare(strict_types=1);

namespace Relevo;

/** What became of a request. `unrecognised` only has something if the client is not strict. */
final class Receipt
{
    /**
     * @param list<Accepted> $events
     * @param list<string> $unrecognised
     * @param list<Accepted> $waiting
     */
    public function __construct(
        public readonly array $events,
        public readonly array $unrecognised,
        public readonly array $waiting,
    ) {
    }

    public static function read(string $body): self
    {
        /** @var array<string, mixed> $found */
        $found = json_decode($body, true, 64, JSON_THROW_ON_ERROR);
        $accepted = static fn (array $one): Accepted => new Accepted(
            $one['id'],
            $one['type'],
            $one['key'],
            $one['time'],
            $one['note'] ?? '',
        );
        return new self(
            array_map($accepted, $found['events'] ?? []),
            $found['unrecognised'] ?? [],
            array_map($accepted, $found['waiting'] ?? []),
        );
    }
}
