<?php

declare(strict_types=1);

namespace Magento\Framework\Event {
    interface ObserverInterface
    {
    }
    final class Observer
    {
        public function __construct(private \Magento\Framework\Event $event)
        {
        }

        public function getEvent(): \Magento\Framework\Event
        {
            return $this->event;
        }
    }
}

namespace Magento\Framework {
    class DataObject
    {
        public function __construct(protected array $data = [])
        {
        }

        public function getData(string $name): mixed
        {
            return $this->data[$name] ?? null;
        }

        public function getOrigData(string $name): mixed
        {
            return null;
        }

        public function getId(): mixed
        {
            return $this->data['entity_id'] ?? $this->data['id'] ?? $this->data['subscriber_id'] ?? $this->data['item_id'] ?? null;
        }

        public function __call(string $name, array $arguments): mixed
        {
            $field = strtolower(preg_replace('/(?<!^)[A-Z]/', '_$0', substr($name, 3)));
            return $this->data[$field] ?? null;
        }
    }
    final class Event extends DataObject
    {
        public function __construct(private string $name, array $data)
        {
            parent::__construct($data);
        }

        public function getName(): string
        {
            return $this->name;
        }
    }
}

namespace Magento\Framework\App {
    final class ResourceConnection
    {
    }
}

namespace Magento\Framework\App\Config {
    interface ScopeConfigInterface
    {
    }
}

namespace Magento\Store\Model {
    interface StoreManagerInterface
    {
    }
    interface ScopeInterface
    {
        public const SCOPE_STORE = 'store';
    }
}

namespace Psr\Log {
    interface LoggerInterface
    {
    }
}

namespace Magento\Framework\Component {
    final class ComponentRegistrar
    {
        public const MODULE = 'module';

        public static function register(string $type, string $name, string $path): void
        {
        }
    }
}

namespace {
    use Magento\Framework\DataObject;
    use Magento\Framework\Event;
    use Magento\Framework\Event\Observer;

    $module = dirname(__DIR__, 3) . '/integrations/magento/';
    require $module . 'registration.php';
    require __DIR__ . '/check.php';
    require $module . 'Model/Records.php';

    $stores = new class implements Magento\Store\Model\StoreManagerInterface {
        public function getStore(?int $id): object
        {
            return new class ($id) {
                public function __construct(private ?int $id)
                {
                }

                public function getId(): int
                {
                    return $this->id ?? 1;
                }

                public function getCode(): string
                {
                    return 'default';
                }

                public function getBaseCurrencyCode(): string
                {
                    return 'EUR';
                }

                public function getBaseUrl(string $type = ''): string
                {
                    return 'https://fiets.example/' . ($type ? $type . '/' : '');
                }
            };
        }
    };
    $config = new class implements Magento\Framework\App\Config\ScopeConfigInterface {
        public function getValue(string $path, string $scope, int $store): string
        {
            return 'nl_NL';
        }
    };
    $records = new Relevo\Connector\Model\Records($stores, $config);
    $store = new MemoryStore();

    // The observer with the outbox in memory in place of the table.
    eval('namespace Relevo\Connector\Model; class DbStore { public function __construct(private \MemoryStore $store) {} '
        . 'public function add(string $id, string $body, int $now): void { $this->store->add($id, $body, $now); } }');
    require $module . 'Observer/Note.php';
    $logger = new class implements Psr\Log\LoggerInterface {
        public array $lines = [];

        public function warning(string $line): void
        {
            $this->lines[] = $line;
        }
    };
    $note = new Relevo\Connector\Observer\Note($records, new Relevo\Connector\Model\DbStore($store), $logger);

    $fixtures = dirname(__DIR__, 2) . '/ingest/fixtures/magento/';
    $of = static fn (string $kind): array => json_decode(file_get_contents($fixtures . $kind . '.json'), true)['data'][$kind];
    $each = static fn (array $rows): array => array_map(static fn (array $row): DataObject => new DataObject($row), $rows);
    $order = $of('order');
    $address = new DataObject($order['billing_address']);
    $payment = new DataObject(['method' => 'banktransfer', 'cc_last4' => '4242']);
    $parts = ['items' => null, 'all_items' => $each($order['items']), 'billing_address' => $address,
        'shipping_address' => $address, 'payment' => $payment, 'shipping_method' => 'postnl_parcel'];
    $told = static function (string $name, string $key, array $data) use ($note): void {
        $note->execute(new Observer(new Event($name, [$key => new DataObject($data)])));
    };
    $told('sales_order_save_commit_after', 'order', $parts + $order);
    $told('sales_order_save_commit_after', 'order', $parts + $order);
    foreach (['invoice', 'creditmemo', 'shipment'] as $kind) {
        $row = $of($kind);
        $lines = ['all_items' => $each($row['items']), 'all_tracks' => $each($row['tracks'] ?? [])];
        $told("sales_order_{$kind}_save_commit_after", $kind, $lines + $row);
    }
    $told('customer_save_commit_after', 'customer', $of('customer') + ['password_hash' => 'hash', 'rp_token' => 't']);
    $told('newsletter_subscriber_save_commit_after', 'subscriber', $of('subscriber'));
    $cart = $of('cart');
    // What a quote has in memory is from before it was saved; the table knows better.
    $resource = new class ($cart) {
        public array $asked = [];

        public function __construct(private array $row)
        {
        }

        public function getMainTable(): string
        {
            return 'quote';
        }

        public function getConnection(): self
        {
            return $this;
        }

        public function select(): self
        {
            return $this;
        }

        public function from(string $table, array $columns): self
        {
            $this->asked = [$table, $columns];
            return $this;
        }

        public function where(string $condition, int $id): self
        {
            $this->asked[] = [$condition, $id];
            return $this;
        }

        public function fetchRow(self $select): array
        {
            return ['created_at' => $this->row['created_at'], 'updated_at' => $this->row['updated_at']];
        }
    };
    $told('sales_quote_save_commit_after', 'quote', [
        'all_visible_items' => $each($cart['items']), 'billing_address' => new DataObject($cart['billing_address']),
        'quote_currency_code' => 'EUR', 'resource' => $resource, 'updated_at' => '2020-01-01 00:00:00', 'created_at' => null,
    ] + $cart);
    same(['quote', ['created_at', 'updated_at'], ['entity_id = ?', $cart['id']]], $resource->asked, 'the table is asked');
    $told('sales_quote_save_commit_after', 'quote', ['id' => 311, 'all_visible_items' => []]);
    $told('catalog_product_save_commit_after', 'product', $of('product') + ['url_key' => 'fietsbel']);
    $told('cataloginventory_stock_item_save_commit_after', 'item', $of('stock_item'));
    $told('catalog_category_save_commit_after', 'category', []);
    $note->execute(new Observer(new Event('sales_order_shipment_track_save_commit_after', [])));

    same(
        ['order', 'invoice', 'creditmemo', 'shipment', 'customer', 'subscriber', 'cart', 'product', 'stock_item'],
        array_column($store->messages(), 'type'),
        'each record is told once'
    );
    $carts = array_values(array_filter($store->messages(), static fn (array $one): bool => $one['type'] === 'cart'));
    same($cart['updated_at'], $carts[0]['data']['cart']['updated_at'], 'the time of the table');
    same(1, count($logger->lines), 'one failure costs itself');
    $all = implode('', array_column($store->rows, 'body'));
    same(0, preg_match('/203\.0\.113|protect_code|cc_last4|password|rp_token|additional_information/', $all), 'without secrets');
    file_put_contents($argv[1], json_encode(array_column($store->rows, 'body')));
}
