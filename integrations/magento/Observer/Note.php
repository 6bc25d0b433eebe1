<?php

declare(strict_types=1);

namespace Relevo\Connector\Observer;

use Magento\Framework\Event\Observer;
use Magento\Framework\Event\ObserverInterface;
use Psr\Log\LoggerInterface;
use Relevo\Connector\Model\DbStore;
use Relevo\Connector\Model\Records;
use Relevo\Outbox\Message;

/** Notes a record that was saved: one row of the outbox. No failure here reaches the shop. */
class Note implements ObserverInterface
{
    private Records $records;
    private DbStore $store;
    private LoggerInterface $logger;
    /** @var array<string, string> digests of what was noted in this request */
    private array $noted = [];

    public function __construct(Records $records, DbStore $store, LoggerInterface $logger)
    {
        $this->records = $records;
        $this->store = $store;
        $this->logger = $logger;
    }

    public function execute(Observer $observer)
    {
        try {
            $found = $this->records->of($observer->getEvent());
            if ($found === null) {
                return;
            }
            [$kind, $own, $record, $related] = $found;
            $digest = sha1(serialize([$record, $related]));
            if (($this->noted[$kind . ':' . $own] ?? '') === $digest) {
                return; // saved again in the same request, without a change
            }
            $this->noted[$kind . ':' . $own] = $digest;
            $id = Message::id();
            $now = time();
            $time = new \DateTimeImmutable('@' . $now);
            $this->store->add($id, Message::of($id, 'magento', $kind, $record, $related, $time), $now);
        } catch (\Throwable $error) {
            $this->logger->warning('relevo: ' . $error->getMessage());
        }
    }
}
