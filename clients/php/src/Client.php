<?php

declare(strict_types=1);

namespace Relevo;

/** Sends events of one shop. Its methods throw `Problem` or `Unreachable`. It needs no extension but OpenSSL. */
final class Client
{
    private readonly string $address;
    private readonly \Closure $sleep;

    /**
     * @param string $source which of your systems sends: an id is unique within it
     * @param bool $strict if not, unknown fields are left out with a note, unknown types are kept as unrecognised
     * @param int $attempts how often it is tried in all
     * @param float $firstPause seconds of the first pause, doubled each time, where the answer asks for none
     * @param float $timeout seconds for one attempt
     * @param (\Closure(float): void)|null $sleep waits so many seconds
     */
    public function __construct(
        string $url,
        string $shop,
        private readonly string $token,
        private readonly string $source,
        bool $strict = true,
        private readonly int $attempts = 6,
        private readonly float $firstPause = 0.5,
        private readonly float $longestPause = 30.0,
        private readonly float $timeout = 15.0,
        ?\Closure $sleep = null,
    ) {
        $this->address = rtrim($url, '/') . '/events/' . rawurlencode($shop) . ($strict ? '' : '?strict=false');
        $this->sleep = $sleep ?? static function (float $seconds): void {
            usleep((int) round($seconds * 1_000_000));
        };
    }

    /** Sends one event. `null` if it was not recognised, which only a client that is not strict meets. */
    public function send(Event $event): ?Accepted
    {
        return $this->sendBatch([$event])->events[0] ?? null;
    }

    /**
     * Sends up to 1,000 events: all of them are stored, or none is.
     *
     * @param list<Event> $events
     */
    public function sendBatch(array $events): Receipt
    {
        $written = array_map(fn (Event $event): array => $event->written($this->source), array_values($events));
        $flags = JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_PRESERVE_ZERO_FRACTION;
        $body = json_encode($written, $flags);
        for ($attempt = 1; ; $attempt++) {
            $last = $attempt >= $this->attempts;
            [$status, $answer, $asked] = $this->post($body);
            $success = $status >= 200 && $status < 300;
            $why = '';
            if ($success) {
                try {
                    return Receipt::read($answer);
                } catch (\UnexpectedValueException $error) {
                    $why = ": $status, {$error->getMessage()}";
                }
            }
            if (($success || $status === 0) && $last) {
                throw new Unreachable("no answer after $attempt attempts$why");
            }
            if (!$success && $status !== 0 && ($last || !($status === 429 || $status >= 500))) {
                throw new Problem($status, $answer);
            }
            ($this->sleep)($this->pause($attempt, $asked));
        }
    }

    private function pause(int $attempt, string $asked): float
    {
        return ctype_digit($asked) ? (float) $asked : min($this->longestPause, $this->firstPause * 2 ** ($attempt - 1));
    }

    /** @return array{int, string, string} the status (0: no answer), the body, and what Retry-After says */
    private function post(string $body): array
    {
        $headers = [
            "Authorization: Bearer {$this->token}",
            'Content-Type: application/cloudevents-batch+json',
            'Content-Length: ' . strlen($body),
            'Connection: close',
        ];
        $http = [
            'method' => 'POST',
            'header' => $headers,
            'content' => $body,
            'timeout' => $this->timeout,
            'ignore_errors' => true,
            'follow_location' => 0,
            'protocol_version' => 1.1,
        ];
        $http_response_header = [];
        $answer = @file_get_contents($this->address, false, stream_context_create(['http' => $http]));
        $status = 0;
        $asked = '';
        foreach ($http_response_header as $line) {
            if (preg_match('#^HTTP/\S+ (\d{3})#', $line, $found) === 1) {
                $status = (int) $found[1];
            } elseif (stripos($line, 'retry-after:') === 0) {
                $asked = trim(substr($line, strlen('retry-after:')));
            }
        }
        return $answer === false ? [0, '', ''] : [$status, $answer, $asked];
    }
}
