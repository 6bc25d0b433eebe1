<?php

declare(strict_types=1);

require dirname(__DIR__, 3) . '/integrations/prestashop/relevo/autoload.php';
require __DIR__ . '/check.php';

use Relevo\Outbox\Message;
use Relevo\Outbox\Sender;
use Relevo\Outbox\Signature;
use Relevo\Outbox\Transport;

final class Answers implements Transport
{
    /** @var list<array{string, string, array<string, string>}> */
    public array $posted = [];

    /** @param list<int> $answers */
    public function __construct(private array $answers)
    {
    }

    public function post(string $url, string $body, array $headers): int
    {
        $this->posted[] = [$url, $body, $headers];
        return array_shift($this->answers) ?? 200;
    }
}

$now = 1_772_731_800;
$clock = static function () use (&$now): int {
    return $now;
};
$url = 'https://relevo.example/hooks/lumen/prestashop';

same('t=5,v1=' . hash_hmac('sha256', '5.{}', 'secret'), Signature::of('secret', '{}', 5), 'the time is signed too');

$store = new MemoryStore();
foreach (['a', 'b', 'c'] as $id) {
    $store->add($id, '{"id":"' . $id . '"}', $now);
}
$answers = new Answers([200, 503, 200]);
same(1, (new Sender($store, $answers, $url, 'secret', $clock))->send(), 'the first failure ends a run');
same(['b', 'c'], array_keys($store->rows), 'what was taken is forgotten, what was not waits');
same([1, 0], array_column($store->rows, 'attempts'), 'only what was tried counts as tried');
same(Signature::of('secret', '{"id":"a"}', $now), $answers->posted[0][2][Signature::HEADER], 'each message is signed');
same(0, (new Sender($store, $answers, $url, 'secret', $clock))->send(), 'nothing is tried again at once');
$now += 60;
same(2, (new Sender($store, new Answers([]), $url, 'secret', $clock))->send(), 'after a minute, in order');

$store->add('d', '{}', $now);
$pauses = [];
for ($n = 0; $n < 8; $n++) {
    (new Sender($store, new Answers([0]), $url, 'secret', $clock))->send();
    $pauses[] = $store->rows['d']['due'] - $now;
    $now = $store->rows['d']['due'];
}
same([60, 120, 240, 480, 960, 1920, 3600, 3600], $pauses, 'pauses double from a minute to an hour');
$now += 8 * 86400;
(new Sender($store, new Answers([500]), $url, 'secret', $clock))->send();
same([], $store->rows, 'after seven days it is given up');
$store->add('e', '{}', $now);
(new Sender($store, new Answers([413]), $url, 'secret', $clock))->send();
same([], $store->rows, 'what can never be taken is given up at once');
$store->add('f', '{}', $now);
same(0, (new Sender($store, new Answers([]), '', 'secret', $clock))->send(), 'without an address nothing is sent');
same(['f'], array_keys($store->rows), 'and nothing is lost');

$slow = static function () use (&$now): int {
    return $now += 4;
};
foreach (['g', 'h', 'i'] as $id) {
    $store->add($id, '{}', $now);
}
same(1, (new Sender($store, new Answers([]), $url, 'secret', $slow))->send(50, 6), 'no message is begun after its time');

$body = Message::of('1', 'prestashop', 'customer', [
    'email' => "ana\xff@example.com", 'passwd' => 'hash', 'secure_key' => 'k', 'ip_registration_newsletter' => '203.0.113.7',
    'cc_last4' => '4242', 'total' => 1.5, 'nested' => ['reset_password_token' => 't', 'kept' => true],
], [], new DateTimeImmutable('2026-03-05 18:30:00', new DateTimeZone('Europe/Paris')));
$read = json_decode($body, true);
same(['email', 'total', 'nested'], array_keys($read['data']['customer']), 'no secret is in a message');
same(['kept' => true], $read['data']['customer']['nested'], 'nor deeper in it');
same('2026-03-05T17:30:00Z', $read['time'], 'the time is UTC');
same('{}', json_encode(json_decode($body)->data->related), 'no related rows are an object');
same(1, preg_match('/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/', Message::id()), 'ids are UUIDs');
