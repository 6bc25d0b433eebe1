<?php
// Does with the PHP client what tests/clients/scenario.py expects, and prints what came of it.

declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    require __DIR__ . '/../../clients/php/src/' . str_replace(['Relevo\\', '\\'], ['', '/'], $class) . '.php';
});

use Relevo\Client;
use Relevo\Event;
use Relevo\Problem;
use Relevo\Unreachable;

[, $url, $flaky, $odd] = $argv;
$pauses = [];
$sleep = static function (float $seconds) use (&$pauses): void {
    $pauses[] = $seconds;
};
$client = static fn (string $url, string $token = 'token-of-the-erp'): Client => new Client($url, 'tea', $token, 'erp', sleep: $sleep);
$data = static fn (string $id, array $more = []): array => ['customer' => ['email' => 'ana@example.com'], 'order_id' => $id] + $more;
$order = static fn (string $id, array $more = []): Event => new Event('order.placed', $data($id, $more), "order-$id");
$refused = static function (callable $sending): array {
    try {
        $sending();
    } catch (Problem $problem) {
        return [$problem->status, $problem->kind, array_column($problem->errors, 'where'), $problem->ids];
    }
    throw new LogicException('it was accepted');
};
$thrown = static function (int $number) use ($odd, $order): string {
    try {
        (new Client("$odd/$number", 'tea', 't', 'erp', attempts: 2, sleep: static fn (float $seconds) => null))->send($order('7'));
    } catch (Unreachable) {
        return 'Unreachable';
    } catch (Problem) {
        return 'RelevoProblem';
    }
    throw new LogicException('it was accepted');
};

$relevo = $client($url);
$batch = null;
echo json_encode([
    'first' => $relevo->send($order('1'))?->id,
    'again' => $relevo->send($order('1'))?->id,
    'batch' => array_map(
        static fn ($one): array => [$one->id, $one->type, $one->note],
        $relevo->sendBatch([
            new Event('order.placed', $data('2'), 'order-2', new DateTimeImmutable('2019-11-29T10:00:00Z'), historical: true),
            new Event('order.paid', $data('3'), 'order-3', test: true),
        ])->events,
    ),
    'invalid' => $refused(static fn () => $relevo->send($order('4', ['numbr' => 'x']))),
    'used' => $refused(static fn () => $relevo->send($order('1', ['number' => '#1']))),
    'token' => $refused(static fn () => $client($url, 'another')->send($order('5'))),
    'retried' => $client($flaky)->send($order('6'))?->id,
    'pauses' => $pauses,
    'odd' => array_map($thrown, [0, 1, 2, 3]),
], JSON_THROW_ON_ERROR);
