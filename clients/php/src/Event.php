<?php

declare(strict_types=1);

namespace Relevo;

/**
 * Something that happened. `id` is what your system calls it (`order-1001`): the same id again is the same event, so
 * whoever is unsure sends it again. Without a `time` it happened when it arrives. `historical` marks a backfill, `test`
 * a rehearsal. The data of each type are in the catalogue of events; an empty object is `new \stdClass()`.
 */
final class Event
{
    /** @param array<string, mixed> $data */
    public function __construct(
        public readonly string $type,
        public readonly array $data,
        public readonly string $id,
        public readonly ?\DateTimeInterface $time = null,
        public readonly bool $historical = false,
        public readonly bool $test = false,
    ) {
    }

    /** @return array<string, mixed> the event as a CloudEvent */
    public function written(string $source): array
    {
        $written = [
            'specversion' => '1.0',
            'id' => $this->id,
            'source' => $source,
            'type' => $this->type,
            'data' => (object) $this->data,
        ];
        if ($this->time !== null) {
            $written['time'] = $this->time->format('Y-m-d\TH:i:s.uP');
        }
        if ($this->historical) {
            $written['historical'] = true;
        }
        if ($this->test) {
            $written['test'] = true;
        }
        return $written;
    }
}
