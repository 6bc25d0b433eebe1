<?php

declare(strict_types=1);

namespace Relevo\Outbox;

/**
 * Sends what waits, in order, and stops at the first message that is not taken: it is tried again later, with pauses
 * that double from a minute to an hour, for seven days. Each try is signed anew.
 */
final class Sender
{
    private const FIRST_PAUSE = 60;
    private const LONGEST_PAUSE = 3600;
    private const LONGEST_AGE = 7 * 86400;
    private const CLAIMED = 120;
    /** What no later try can change: the message itself is at fault. */
    private const HOPELESS = [400, 413];

    private Store $store;
    private Transport $transport;
    private string $url;
    private string $secret;
    /** @var callable(): int */
    private $clock;

    /** @param callable(): int|null $clock seconds since 1970 */
    public function __construct(Store $store, Transport $transport, string $url, string $secret, ?callable $clock = null)
    {
        $this->store = $store;
        $this->transport = $transport;
        $this->url = $url;
        $this->secret = $secret;
        $this->clock = $clock ?? 'time';
    }

    /** Sends at most so many messages, and begins none after so many seconds. Returns how many were taken. */
    public function send(int $most = 50, int $seconds = 10): int
    {
        if ($this->url === '' || $this->secret === '') {
            return 0;
        }
        $began = ($this->clock)();
        $taken = 0;
        $failed = false;
        foreach ($this->store->claim($began, $most, self::CLAIMED) as $message) {
            $now = ($this->clock)();
            if ($failed || $now - $began >= $seconds) {
                $this->store->later($message['id'], $message['attempts'], $now + ($failed ? self::FIRST_PAUSE : 0));
                continue;
            }
            $status = $this->post($message['body'], $now);
            if ($status >= 200 && $status < 300) {
                $this->store->done($message['id']);
                $taken++;
            } elseif ($this->isHopeless($status, $message['created'], $now)) {
                $this->store->done($message['id']);
            } else {
                $failed = true;
                $this->store->later($message['id'], $message['attempts'] + 1, $now + $this->pause($message['attempts']));
            }
        }
        return $taken;
    }

    private function post(string $body, int $now): int
    {
        return $this->transport->post($this->url, $body, [
            'Content-Type' => 'application/cloudevents+json',
            'User-Agent' => 'Relevo-Module',
            Signature::HEADER => Signature::of($this->secret, $body, $now),
        ]);
    }

    private function isHopeless(int $status, int $created, int $now): bool
    {
        return in_array($status, self::HOPELESS, true) || $now - $created > self::LONGEST_AGE;
    }

    private function pause(int $attempts): int
    {
        return min(self::FIRST_PAUSE * (2 ** min($attempts, 10)), self::LONGEST_PAUSE);
    }
}
