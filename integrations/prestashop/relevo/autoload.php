<?php

declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    foreach (['Relevo\\Outbox\\' => 'src/Outbox/', 'Relevo\\PrestaShop\\' => 'src/'] as $prefix => $folder) {
        if (strncmp($class, $prefix, strlen($prefix)) === 0) {
            $file = __DIR__ . '/' . $folder . substr($class, strlen($prefix)) . '.php';
            if (is_file($file)) {
                require $file;
            }
        }
    }
});
