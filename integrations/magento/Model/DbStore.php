<?php

declare(strict_types=1);

namespace Relevo\Connector\Model;

use Magento\Framework\App\ResourceConnection;
use Relevo\Outbox\Message;
use Relevo\Outbox\Store;

/** The table `relevo_outbox`. */
class DbStore implements Store
{
    private ResourceConnection $resource;

    public function __construct(ResourceConnection $resource)
    {
        $this->resource = $resource;
    }

    public function add(string $id, string $body, int $now): void
    {
        $row = ['id' => $id, 'body' => $body, 'created' => $now, 'due' => $now];
        $this->resource->getConnection()->insert($this->table(), $row);
    }

    public function claim(int $now, int $most, int $seconds): array
    {
        $connection = $this->resource->getConnection();
        $claim = Message::id();
        $connection->query(
            sprintf('UPDATE %s SET claim = ?, due = ? WHERE due <= ? ORDER BY number LIMIT %d', $this->table(), $most),
            [$claim, $now + $seconds, $now]
        );
        $rows = $connection->fetchAll(
            sprintf('SELECT id, body, attempts, created FROM %s WHERE claim = ? ORDER BY number', $this->table()),
            [$claim]
        );
        return array_map(static fn (array $row): array => [
            'id' => (string) $row['id'],
            'body' => (string) $row['body'],
            'attempts' => (int) $row['attempts'],
            'created' => (int) $row['created'],
        ], $rows);
    }

    public function done(string $id): void
    {
        $this->resource->getConnection()->delete($this->table(), ['id = ?' => $id]);
    }

    public function later(string $id, int $attempts, int $due): void
    {
        $row = ['attempts' => $attempts, 'due' => $due, 'claim' => ''];
        $this->resource->getConnection()->update($this->table(), $row, ['id = ?' => $id]);
    }

    private function table(): string
    {
        return $this->resource->getTableName('relevo_outbox');
    }
}
