<?php

declare(strict_types=1);

/** Sends the messages of a file as the modules do: `php send.php FILE URL SECRET`; prints how many were taken. */
require dirname(__DIR__, 3) . '/integrations/prestashop/relevo/autoload.php';
require __DIR__ . '/check.php';

[, $file, $url, $secret] = $argv;
$store = new MemoryStore();
foreach (json_decode(file_get_contents($file), true) as $body) {
    $store->add(json_decode($body, true)['id'], $body, time());
}
$sender = new Relevo\Outbox\Sender($store, new Relevo\Outbox\CurlTransport(2000, 10000), $url, $secret);
echo json_encode(['taken' => $sender->send(), 'left' => count($store->rows)]);
