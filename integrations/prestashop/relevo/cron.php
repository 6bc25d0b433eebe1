<?php

declare(strict_types=1);

/** Sends what waits: run it every minute, by the command line only: `php modules/relevo/cron.php`. */
if (PHP_SAPI !== 'cli') {
    http_response_code(404);
    exit;
}

require dirname(__DIR__, 2) . '/config/config.inc.php';
require_once __DIR__ . '/relevo.php';

Relevo::sender()->send(200, 50);
