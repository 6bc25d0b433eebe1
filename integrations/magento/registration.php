<?php

declare(strict_types=1);

use Magento\Framework\Component\ComponentRegistrar;

ComponentRegistrar::register(ComponentRegistrar::MODULE, 'Relevo_Connector', __DIR__);

// The classes of the outbox are those of every shop module, in a namespace of their own.
spl_autoload_register(static function (string $class): void {
    if (strncmp($class, 'Relevo\\Outbox\\', 14) === 0) {
        $file = __DIR__ . '/Model/Outbox/' . substr($class, 14) . '.php';
        if (is_file($file)) {
            require $file;
        }
    }
});
