<?php

declare(strict_types=1);

namespace Relevo\Outbox;

/** Posts with curl, with short timeouts: whoever waits is a process of the shop. Redirects are not followed. */
final class CurlTransport implements Transport
{
    private int $connectMilliseconds;
    private int $milliseconds;

    public function __construct(int $connectMilliseconds = 1000, int $milliseconds = 3000)
    {
        $this->connectMilliseconds = $connectMilliseconds;
        $this->milliseconds = $milliseconds;
    }

    public function post(string $url, string $body, array $headers): int
    {
        $curl = curl_init($url);
        if ($curl === false) {
            return 0;
        }
        $lines = [];
        foreach ($headers as $name => $value) {
            $lines[] = $name . ': ' . $value;
        }
        curl_setopt_array($curl, [
            CURLOPT_POST => true,
            CURLOPT_POSTFIELDS => $body,
            CURLOPT_HTTPHEADER => $lines,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_FOLLOWLOCATION => false,
            CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
            CURLOPT_CONNECTTIMEOUT_MS => $this->connectMilliseconds,
            CURLOPT_TIMEOUT_MS => $this->milliseconds,
            CURLOPT_NOSIGNAL => true,
        ]);
        $answer = curl_exec($curl);
        $status = $answer === false ? 0 : (int) curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
        curl_close($curl);
        return $status;
    }
}
