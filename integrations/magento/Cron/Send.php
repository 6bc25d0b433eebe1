<?php

declare(strict_types=1);

namespace Relevo\Connector\Cron;

use Magento\Framework\App\Config\ScopeConfigInterface;
use Magento\Framework\Encryption\EncryptorInterface;
use Relevo\Connector\Model\DbStore;
use Relevo\Outbox\CurlTransport;
use Relevo\Outbox\Sender;

/** Sends what waits, every minute. */
class Send
{
    private DbStore $store;
    private ScopeConfigInterface $config;
    private EncryptorInterface $encryptor;

    public function __construct(DbStore $store, ScopeConfigInterface $config, EncryptorInterface $encryptor)
    {
        $this->store = $store;
        $this->config = $config;
        $this->encryptor = $encryptor;
    }

    public function execute(): void
    {
        $url = (string) $this->config->getValue('relevo/connection/url');
        $secret = $this->encryptor->decrypt((string) $this->config->getValue('relevo/connection/secret'));
        (new Sender($this->store, new CurlTransport(), $url, $secret))->send(500, 50);
    }
}
