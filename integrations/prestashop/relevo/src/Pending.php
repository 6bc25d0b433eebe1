<?php

declare(strict_types=1);

namespace Relevo\PrestaShop;

use Relevo\Outbox\Message;
use Relevo\Outbox\Sender;
use Relevo\Outbox\Store;

/**
 * What happened in this request: noted by the hooks, written to the outbox once the shop has answered.
 *
 * A cart that is saved ten times in a request is told once; no failure here reaches the shop.
 */
final class Pending
{
    private Store $store;
    /** @var callable(string): void */
    private $log;
    /** @var array<string, array{string, callable(): array{array<string, mixed>, array<string, mixed>}}> */
    private array $noted = [];

    /** @param callable(string): void $log */
    public function __construct(Store $store, callable $log)
    {
        $this->store = $store;
        $this->log = $log;
    }

    /** @param callable(): array{array<string, mixed>, array<string, mixed>} $read */
    public function note(string $kind, string $key, callable $read): void
    {
        $this->noted[$kind . ':' . $key] = [$kind, $read];
    }

    /** Writes what was noted. Returns how many messages. */
    public function write(int $now): int
    {
        $written = 0;
        $noted = $this->noted;
        $this->noted = [];
        foreach ($noted as [$kind, $read]) {
            try {
                [$record, $related] = $read();
                $id = Message::id();
                $time = (new \DateTimeImmutable('@' . $now));
                $this->store->add($id, Message::of($id, 'prestashop', $kind, $record, $related, $time), $now);
                $written++;
            } catch (\Throwable $error) {
                ($this->log)(sprintf('relevo: the %s could not be noted: %s', $kind, $error->getMessage()));
            }
        }
        return $written;
    }

    /** After the answer: writes, and sends at once if the server has let the visitor go. */
    public function finish(?Sender $sender, bool $answered, int $now): void
    {
        try {
            if ($this->write($now) > 0 && $answered && $sender !== null) {
                $sender->send(20, 5);
            }
        } catch (\Throwable $error) {
            ($this->log)('relevo: ' . $error->getMessage());
        }
    }
}
