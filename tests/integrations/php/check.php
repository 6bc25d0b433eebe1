<?php

declare(strict_types=1);

/** A test: fails with what was expected and what came. */
function same(mixed $expected, mixed $found, string $what): void
{
    if ($expected !== $found) {
        fwrite(STDERR, sprintf("%s\n  expected %s\n  found    %s\n", $what, json_encode($expected), json_encode($found)));
        exit(1);
    }
    echo $what, "\n";
}

/** The outbox in memory. */
final class MemoryStore implements Relevo\Outbox\Store
{
    /** @var array<string, array{id: string, body: string, attempts: int, created: int, due: int}> */
    public array $rows = [];

    public function add(string $id, string $body, int $now): void
    {
        $this->rows[$id] = ['id' => $id, 'body' => $body, 'attempts' => 0, 'created' => $now, 'due' => $now];
    }

    public function claim(int $now, int $most, int $seconds): array
    {
        $due = array_filter($this->rows, static fn (array $row): bool => $row['due'] <= $now);
        foreach (array_slice($due, 0, $most) as $row) {
            $this->rows[$row['id']]['due'] = $now + $seconds;
        }
        return array_values(array_slice($due, 0, $most));
    }

    public function done(string $id): void
    {
        unset($this->rows[$id]);
    }

    public function later(string $id, int $attempts, int $due): void
    {
        $this->rows[$id]['attempts'] = $attempts;
        $this->rows[$id]['due'] = $due;
    }

    /** @return list<array<string, mixed>> the messages that wait */
    public function messages(): array
    {
        return array_map(static fn (array $row): array => json_decode($row['body'], true), array_values($this->rows));
    }
}
