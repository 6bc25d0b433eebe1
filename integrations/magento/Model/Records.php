<?php

declare(strict_types=1);

namespace Relevo\Connector\Model;

use Magento\Framework\App\Config\ScopeConfigInterface;
use Magento\Framework\DataObject;
use Magento\Framework\Event;
use Magento\Store\Model\ScopeInterface;
use Magento\Store\Model\StoreManagerInterface;

/** Records as Magento's REST API has them, with the rows that they refer to: what the poller would read. */
class Records
{
    private const ADDRESS = [
        'firstname', 'lastname', 'company', 'city', 'postcode', 'region', 'country_id', 'telephone', 'email',
    ];
    private const ORDER = [
        'entity_id', 'increment_id', 'state', 'status', 'store_id', 'quote_id', 'customer_id', 'customer_email',
        'customer_firstname', 'customer_lastname', 'customer_is_guest', 'order_currency_code', 'base_currency_code',
        'grand_total', 'base_grand_total', 'subtotal', 'subtotal_incl_tax', 'discount_amount', 'shipping_amount',
        'shipping_incl_tax', 'tax_amount', 'total_paid', 'total_refunded', 'coupon_code', 'customer_note',
        'shipping_description', 'weight', 'created_at', 'updated_at',
    ];
    private const ORDER_ITEM = [
        'item_id', 'parent_item_id', 'product_id', 'product_type', 'sku', 'name', 'qty_ordered', 'qty_shipped',
        'qty_refunded', 'price', 'price_incl_tax', 'row_total_incl_tax', 'discount_amount', 'tax_amount', 'weight',
        'is_virtual',
    ];
    private const PART = ['order_item_id', 'product_id', 'sku', 'name', 'qty', 'price_incl_tax', 'row_total_incl_tax'];
    private const DOCUMENT = [
        'entity_id', 'increment_id', 'order_id', 'store_id', 'state', 'order_currency_code', 'grand_total',
        'shipping_incl_tax', 'adjustment_negative', 'created_at', 'updated_at',
    ];

    private StoreManagerInterface $stores;
    private ScopeConfigInterface $config;

    public function __construct(StoreManagerInterface $stores, ScopeConfigInterface $config)
    {
        $this->stores = $stores;
        $this->config = $config;
    }

    /**
     * Kind, id, record and related rows of what an event tells; null if it tells of nothing that is sent.
     *
     * @return array{string, string, array<string, mixed>, array<string, list<array<string, mixed>>>}|null
     */
    public function of(Event $event): ?array
    {
        switch ($event->getName()) {
            case 'sales_order_save_commit_after':
                return $this->record('order', $event->getData('order'), [$this, 'order']);
            case 'sales_order_invoice_save_commit_after':
                return $this->record('invoice', $event->getData('invoice'), [$this, 'document']);
            case 'sales_order_creditmemo_save_commit_after':
                return $this->record('creditmemo', $event->getData('creditmemo'), [$this, 'document']);
            case 'sales_order_shipment_save_commit_after':
                return $this->record('shipment', $event->getData('shipment'), [$this, 'shipment']);
            case 'sales_order_shipment_track_save_commit_after':
                return $this->record('shipment', $event->getData('track')->getShipment(), [$this, 'shipment']);
            case 'customer_save_commit_after':
                return $this->record('customer', $event->getData('customer'), [$this, 'customer']);
            case 'newsletter_subscriber_save_commit_after':
                return $this->record('subscriber', $event->getData('subscriber'), [$this, 'subscriber']);
            case 'sales_quote_save_commit_after':
                return $this->record('cart', $event->getData('quote'), [$this, 'cart']);
            case 'catalog_product_save_commit_after':
                return $this->record('product', $event->getData('product'), [$this, 'product']);
            case 'cataloginventory_stock_item_save_commit_after':
                return $this->record('stock_item', $event->getData('item'), [$this, 'stockItem']);
        }
        return null;
    }

    /**
     * @param callable(DataObject): ?array<string, mixed> $read
     * @return array{string, string, array<string, mixed>, array<string, list<array<string, mixed>>>}|null
     */
    private function record(string $kind, ?DataObject $object, callable $read): ?array
    {
        $record = $object === null ? null : $read($object);
        if ($record === null) {
            return null;
        }
        $related = ['storeConfigs' => $this->store((int) $object->getData('store_id'))];
        if ($kind === 'stock_item') {
            $related['products'] = [['id' => (int) $object->getData('product_id')]];
        }
        return [$kind, (string) $object->getId(), $record, $related];
    }

    /** @return array<string, mixed> */
    private function order(DataObject $order): array
    {
        $found = $this->some($order, self::ORDER);
        $found['total_due'] = $order->getTotalDue(); // reckoned by Magento: the column may be empty
        $found['items'] = $this->each($order->getAllItems(), self::ORDER_ITEM);
        $found['billing_address'] = $this->address($order->getBillingAddress());
        $payment = $order->getPayment();
        $found['payment'] = $payment ? ['method' => $payment->getMethod()] : null;
        $shipping = ['address' => $this->address($order->getShippingAddress()), 'method' => $order->getShippingMethod()];
        $found['extension_attributes'] = ['shipping_assignments' => [['shipping' => $shipping]]];
        return $found;
    }

    /** @return array<string, mixed> */
    private function document(DataObject $document): array
    {
        return $this->some($document, self::DOCUMENT) + ['items' => $this->each($document->getAllItems(), self::PART)];
    }

    /** @return array<string, mixed> */
    private function shipment(DataObject $shipment): array
    {
        $tracks = $this->each($shipment->getAllTracks(), ['track_number', 'title', 'carrier_code']);
        return $this->document($shipment) + ['tracks' => $tracks];
    }

    /** @return array<string, mixed> */
    private function customer(DataObject $customer): array
    {
        $names = [
            'group_id', 'store_id', 'email', 'firstname', 'lastname', 'dob', 'taxvat', 'created_at', 'updated_at',
        ];
        return ['id' => (int) $customer->getId()] + $this->some($customer, $names);
    }

    /** @return array<string, mixed> */
    private function subscriber(DataObject $subscriber): array
    {
        return $this->some($subscriber, [
            'subscriber_id', 'customer_id', 'store_id', 'subscriber_email', 'subscriber_status', 'change_status_at',
        ]);
    }

    /** @return array<string, mixed>|null an empty cart that nothing was ever put in is none */
    private function cart(DataObject $quote): ?array
    {
        $items = $this->each($quote->getAllVisibleItems(), ['item_id', 'sku', 'qty', 'name', 'price']);
        if ($items === [] && !$quote->getData('items_count') && !$quote->getOrigData('items_count')) {
            return null;
        }
        $customer = (int) $quote->getData('customer_id');
        [$created, $updated] = $this->times($quote);
        return [
            'id' => (int) $quote->getId(),
            'store_id' => (int) $quote->getData('store_id'),
            'is_active' => (bool) $quote->getData('is_active'),
            'customer_is_guest' => $customer === 0,
            'created_at' => $created,
            'updated_at' => $updated,
            'items' => $items,
            'customer' => $customer ? ['id' => $customer, 'email' => $quote->getData('customer_email')] : null,
            'billing_address' => $this->address($quote->getBillingAddress()),
            'currency' => ['quote_currency_code' => $quote->getData('quote_currency_code')],
        ];
    }

    /**
     * When a cart was made, and changed: the database decides that as it saves, and Magento reads it back for
     * orders (Sales, ResourceModel\EntityAbstract), but not for carts.
     *
     * @return array{mixed, mixed}
     */
    private function times(DataObject $quote): array
    {
        $resource = $quote->getResource();
        $select = $resource->getConnection()->select()
            ->from($resource->getMainTable(), ['created_at', 'updated_at'])
            ->where('entity_id = ?', (int) $quote->getId());
        $row = $resource->getConnection()->fetchRow($select) ?: [];
        return [$row['created_at'] ?? $quote->getData('created_at'), $row['updated_at'] ?? $quote->getData('updated_at')];
    }

    /** @return array<string, mixed> */
    private function product(DataObject $product): array
    {
        $attributes = [];
        foreach (['url_key', 'image', 'short_description', 'special_price'] as $code) {
            if (is_scalar($product->getData($code))) {
                $attributes[] = ['attribute_code' => $code, 'value' => (string) $product->getData($code)];
            }
        }
        $names = ['sku', 'name', 'price', 'status', 'type_id', 'created_at', 'updated_at'];
        return ['id' => (int) $product->getId()] + $this->some($product, $names) + ['custom_attributes' => $attributes];
    }

    /** @return array<string, mixed> */
    private function stockItem(DataObject $item): array
    {
        return $this->some($item, ['item_id', 'product_id', 'qty', 'is_in_stock', 'backorders']);
    }

    /** @return array<string, mixed>|null */
    private function address(?DataObject $address): ?array
    {
        return $address === null ? null : $this->some($address, self::ADDRESS) + ['street' => $address->getStreet()];
    }

    /**
     * @param iterable<DataObject>|null $objects
     * @param list<string> $names
     * @return list<array<string, mixed>>
     */
    private function each(?iterable $objects, array $names): array
    {
        $found = [];
        foreach ($objects ?? [] as $object) {
            $found[] = $this->some($object, $names);
        }
        return $found;
    }

    /**
     * @param list<string> $names
     * @return array<string, mixed>
     */
    private function some(DataObject $object, array $names): array
    {
        $found = [];
        foreach ($names as $name) {
            $value = $object->getData($name);
            if ($value !== null && is_scalar($value)) {
                $found[$name] = $value;
            }
        }
        return $found;
    }

    /** @return list<array<string, mixed>> */
    private function store(int $id): array
    {
        $store = $this->stores->getStore($id ?: null);
        return [[
            'id' => (int) $store->getId(),
            'code' => $store->getCode(),
            'locale' => $this->config->getValue('general/locale/code', ScopeInterface::SCOPE_STORE, $store->getId()),
            'base_currency_code' => $store->getBaseCurrencyCode(),
            'base_url' => $store->getBaseUrl(),
            'base_media_url' => $store->getBaseUrl('media'),
        ]];
    }
}
