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

    /** @throws \UnexpectedValueException if it is no receipt, as of a page of a proxy or what was cut on its way */
    public static function read(string $body): self
    {
        $found = json_decode($body, true, 64);
        if (!is_array($found) || !is_array($found['events'] ?? null)) {
            throw new \UnexpectedValueException('no receipt: ' . substr($body, 0, 200));
        }
        return new self(
            array_map(self::accepted(...), $found['events']),
            is_array($found['unrecognised'] ?? null) ? $found['unrecognised'] : [],
            array_map(self::accepted(...), is_array($found['waiting'] ?? null) ? $found['waiting'] : []),
        );
    }

    private static function accepted(mixed $one): Accepted
    {
        $texts = [];
        foreach (['id', 'type', 'key', 'time'] as $name) {
            if (!is_array($one) || !is_string($one[$name] ?? null)) {
                throw new \UnexpectedValueException("no receipt: an event without $name");
            }
            $texts[] = $one[$name];
        }
        return new Accepted(...$texts, note: is_string($one['note'] ?? null) ? $one['note'] : '');
    }
}
