<?php

declare(strict_types=1);

namespace Relevo\PrestaShop;

/**
 * Records as PrestaShop's web service has them, with the rows that they refer to: what the poller would read.
 *
 * Every method returns `[record, related]`.
 */
final class Records
{
    private const SETTINGS = [
        'PS_TIMEZONE', 'PS_CURRENCY_DEFAULT', 'PS_LANG_DEFAULT', 'PS_OS_CANCELED', 'PS_OS_REFUND', 'PS_OS_ERROR',
        'PS_OS_DELIVERED',
    ];

    /** @return array{array<string, mixed>, array<string, list<array<string, mixed>>>} */
    public static function order(int $id, ?int $state = null): array
    {
        $order = new \Order($id);
        $record = self::row($order);
        if ($state !== null) {
            $record['current_state'] = $state; // the hook runs before the order has it
        }
        $rows = [];
        foreach ($order->getProductsDetail() as $line) {
            $rows[] = ['id' => $line['id_order_detail']] + array_intersect_key($line, array_flip([
                'product_id', 'product_attribute_id', 'product_quantity', 'product_name', 'product_reference',
                'product_price', 'unit_price_tax_incl', 'unit_price_tax_excl',
            ]));
        }
        $record['associations'] = ['order_rows' => $rows];
        $delivery = new \Address((int) $order->id_address_delivery);
        $invoice = new \Address((int) $order->id_address_invoice);
        return [$record, self::settings() + self::people((int) $order->id_customer, (int) $order->id_lang) + [
            'currencies' => [self::some(new \Currency((int) $order->id_currency), ['iso_code'])],
            'order_states' => [self::row(new \OrderState((int) $record['current_state'], (int) $order->id_lang))],
            'addresses' => [self::row($delivery), self::row($invoice)],
            'countries' => [
                self::some(new \Country((int) $delivery->id_country), ['iso_code']),
                self::some(new \Country((int) $invoice->id_country), ['iso_code']),
            ],
            'states' => [
                self::some(new \State((int) $delivery->id_state), ['name']),
                self::some(new \State((int) $invoice->id_state), ['name']),
            ],
            'carriers' => [self::some(new \Carrier((int) $order->id_carrier), ['name', 'url'])],
            'order_carriers' => self::carriers($order),
        ] + self::codes($order)];
    }

    /** @return array{array<string, mixed>, array<string, list<array<string, mixed>>>} */
    public static function customer(int $id): array
    {
        $customer = new \Customer($id);
        $group = new \Group((int) $customer->id_default_group, (int) $customer->id_lang);
        $related = self::settings() + self::people(0, (int) $customer->id_lang);
        return [self::row($customer), $related + ['groups' => [self::some($group, ['name'])]]];
    }

    /** @return array{array<string, mixed>, array<string, list<array<string, mixed>>>} */
    public static function cart(int $id): array
    {
        $cart = new \Cart($id);
        $record = self::row($cart);
        $rows = [];
        foreach ($cart->getProducts() as $line) {
            $rows[] = ['quantity' => $line['cart_quantity'] ?? $line['quantity']] + array_intersect_key(
                $line,
                array_flip(['id_product', 'id_product_attribute', 'name', 'reference', 'price_wt', 'total_wt'])
            );
        }
        $record['associations'] = ['cart_rows' => $rows];
        $record['order_total'] = $cart->getOrderTotal(true);
        $related = self::settings() + self::people((int) $cart->id_customer, (int) $cart->id_lang);
        return [$record, $related + ['currencies' => [self::some(new \Currency((int) $cart->id_currency), ['iso_code'])]]];
    }

    /** @return array{array<string, mixed>, array<string, list<array<string, mixed>>>} */
    public static function product(int $id): array
    {
        $product = new \Product($id, false, (int) \Configuration::get('PS_LANG_DEFAULT'));
        $record = self::row($product);
        $categories = [];
        foreach ($product->getCategories() as $category) {
            $categories[] = self::some(
                new \Category((int) $category, (int) \Configuration::get('PS_LANG_DEFAULT')),
                ['name']
            );
        }
        // a product that is read in part has no name of it, the web service has
        $record['manufacturer_name'] = (string) \Manufacturer::getNameById((int) $product->id_manufacturer);
        $record['associations'] = ['categories' => array_map(static fn ($row) => ['id' => $row['id']], $categories)];
        return [$record, self::settings() + ['categories' => $categories] + self::currency()];
    }

    /** @return array{array<string, mixed>, array<string, list<array<string, mixed>>>} */
    public static function stock(int $product, int $combination, float $quantity): array
    {
        $id = (int) \StockAvailable::getStockAvailableIdByProductId($product, $combination);
        $record = ['quantity' => $quantity] + self::row(new \StockAvailable($id));
        $record['id_product'] = $product;
        $record['id_product_attribute'] = $combination;
        [$row, $related] = self::product($product);
        return [$record, ['products' => [$row]] + $related];
    }

    /** @return array{array<string, mixed>, array<string, list<array<string, mixed>>>} */
    public static function slip(int $id): array
    {
        $slip = new \OrderSlip($id);
        return [self::row($slip), self::settings() + self::people((int) $slip->id_customer, 0) + self::currency()];
    }

    /** @return array{array<string, mixed>, array<string, list<array<string, mixed>>>} */
    public static function returned(int $id): array
    {
        $return = new \OrderReturn($id);
        return [self::row($return), self::settings() + self::people((int) $return->id_customer, 0)];
    }

    /** @return array{array<string, mixed>, array<string, list<array<string, mixed>>>} */
    public static function newsletter(string $email, bool $active): array
    {
        return [['email' => $email, 'active' => $active ? '1' : '0'], self::settings()];
    }

    /** @return array<string, mixed> the id and the fields of an object, without secrets */
    public static function row(\ObjectModel $object): array
    {
        $row = ['id' => (int) $object->id];
        foreach (array_keys($object::$definition['fields']) as $name) {
            if (isset($object->{$name})) {
                $row[$name] = $object->{$name};
            }
        }
        return \Relevo\Outbox\Message::withoutSecrets($row);
    }

    /**
     * @param list<string> $names
     * @return array<string, mixed>
     */
    private static function some(\ObjectModel $object, array $names): array
    {
        return ['id' => (int) $object->id] + array_intersect_key(self::row($object), array_flip($names));
    }

    /** @return array<string, list<array<string, mixed>>> */
    private static function settings(): array
    {
        $rows = [];
        foreach (self::SETTINGS as $name) {
            $rows[] = ['name' => $name, 'value' => (string) \Configuration::get($name)];
        }
        return ['configurations' => $rows];
    }

    /** @return array<string, list<array<string, mixed>>> */
    private static function people(int $customer, int $language): array
    {
        $found = [];
        if ($customer > 0) {
            $found['customers'] = [self::row(new \Customer($customer))];
        }
        if ($language > 0) {
            $found['languages'] = [self::some(new \Language($language), ['iso_code', 'locale'])];
        }
        return $found;
    }

    /** @return array<string, list<array<string, mixed>>> */
    private static function currency(): array
    {
        $id = (int) \Configuration::get('PS_CURRENCY_DEFAULT');
        return ['currencies' => [self::some(new \Currency($id), ['iso_code'])]];
    }

    /**
     * The cart rules that took something off the order, with their codes.
     *
     * @return array<string, list<array<string, mixed>>>
     */
    private static function codes(\Order $order): array
    {
        $applied = $rules = [];
        foreach ($order->getCartRules() as $one) {
            $id = (int) $one['id_cart_rule'];
            $applied[] = ['id' => (int) $one['id_order_cart_rule'], 'id_order' => (int) $order->id, 'id_cart_rule' => $id];
            $rules[] = self::some(new \CartRule($id), ['code']);
        }
        return ['order_cart_rules' => $applied, 'cart_rules' => $rules];
    }

    /** @return list<array<string, mixed>> */
    private static function carriers(\Order $order): array
    {
        $rows = [];
        foreach ($order->getShipping() as $one) {
            $rows[] = [
                'id' => (int) $one['id_order_carrier'],
                'id_order' => (int) $order->id,
                'id_carrier' => (int) $one['id_carrier'],
                'tracking_number' => (string) $one['tracking_number'],
            ];
        }
        return $rows;
    }
}
