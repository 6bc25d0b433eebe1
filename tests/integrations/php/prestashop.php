<?php

declare(strict_types=1);

/** The PrestaShop module on the least of PrestaShop that it uses; prints the messages that it would send. */

const _PS_VERSION_ = '8.1.0';
const _DB_PREFIX_ = 'ps_';
const _MYSQL_ENGINE_ = 'InnoDB';

class ObjectModel
{
    public static $definition = ['fields' => []];
    public $id;
    /** @var array<string, array<int, array<string, mixed>>> */
    public static array $known = [];

    public function __construct($id = null)
    {
        $this->id = $id;
        foreach (self::$known[static::class][(int) $id] ?? [] as $name => $value) {
            $this->{$name} = $value;
        }
    }
}

$fixtures = dirname(__DIR__, 2) . '/ingest/fixtures/prestashop/';
$of = static fn (string $kind): array => json_decode(file_get_contents($fixtures . $kind . '.json'), true)['data'];
$classes = [
    'Order' => $of('order')['order'], 'Customer' => $of('customer')['customer'] + ['passwd' => 'hash', 'secure_key' => 'k'],
    'Cart' => $of('cart')['cart'], 'Product' => ['manufacturer_name' => false, 'id_manufacturer' => 5] + $of('product')['product'],
    'OrderSlip' => $of('order_slip')['order_slip'],
    'OrderReturn' => $of('order_return')['order_return'], 'StockAvailable' => $of('stock_available')['stock_available'],
    'Address' => $of('order')['related']['addresses'][0], 'Country' => ['id' => 8, 'iso_code' => 'FR'],
    'CartRule' => $of('order')['related']['cart_rules'][0], 'State' => ['id' => 0], 'Currency' => ['id' => 1, 'iso_code' => 'EUR'], 'Category' => ['id' => 4, 'name' => 'Vaisselle'],
    'Language' => ['id' => 1, 'iso_code' => 'fr', 'locale' => 'fr-FR'], 'Group' => ['id' => 3, 'name' => 'Client'],
    'Carrier' => ['id' => 2, 'name' => 'La Poste', 'url' => 'https://track.example/@'],
    'OrderState' => ['id' => 2, 'name' => 'Paiement accepté', 'template' => 'payment', 'paid' => '1', 'shipped' => '0'],
];
$methods = [
    'Order' => 'public function getProductsDetail(): array { return array_map(fn ($row) => ["id_order_detail" => $row["id"]] + $row, $this->associations["order_rows"]); } public function getShipping(): array { return [["id_order_carrier" => 88, "id_carrier" => 2, "tracking_number" => ""]]; } public function getCartRules(): array { return [["id_order_cart_rule" => 91, "id_cart_rule" => 7, "name" => "Bienvenue"]]; }',
    'Cart' => 'public function getProducts(): array { return array_map(fn ($row) => $row + ["cart_quantity" => $row["quantity"]], $this->associations["cart_rows"]); } public function getOrderTotal(bool $taxes): float { return 40.0; }',
    'Product' => 'public function getCategories(): array { return [4]; }',
    'OrderSlip' => 'public static function getOrdersSlip(int $customer, int $order): array { return [["id_order_slip" => 30], ["id_order_slip" => 31]]; }',
    'StockAvailable' => 'public static function getStockAvailableIdByProductId(int $product, int $combination): int { return 62; }',
];
foreach ($classes as $class => $row) {
    $fields = var_export(array_fill_keys(array_diff(array_keys($row), ['id', 'associations']), []), true);
    $properties = implode('', array_map(static fn (string $name): string => "public \$$name; ", array_diff(array_keys($row), ['id'])));
    eval("class $class extends ObjectModel { public static \$definition = ['fields' => $fields]; $properties" . ($methods[$class] ?? '') . '}');
    ObjectModel::$known[$class] = [(int) $row['id'] => $row];
}

final class Manufacturer
{
    public static function getNameById(int $id): string|false
    {
        return $id === 5 ? 'Atelier Bleu' : false;
    }
}

final class Configuration
{
    public static array $values = [
        'PS_TIMEZONE' => 'Europe/Paris', 'PS_CURRENCY_DEFAULT' => '1', 'PS_LANG_DEFAULT' => '1', 'PS_OS_CANCELED' => '6',
    ];

    public static function get(string $name): string|false
    {
        return self::$values[$name] ?? false;
    }
}

final class PrestaShopLogger
{
    public static array $lines = [];

    public static function addLog(string $line, int $severity): void
    {
        self::$lines[] = $line;
    }
}

class Module
{
    public $name;
    public $tab;
    public $version;
    public $author;
    public $need_instance;
    public $ps_versions_compliancy;
    public $bootstrap;
    public $displayName;
    public $description;

    public function __construct()
    {
    }
}

require dirname(__DIR__, 3) . '/integrations/prestashop/relevo/relevo.php';
require __DIR__ . '/check.php';

$store = new MemoryStore();
$pending = new Relevo\PrestaShop\Pending($store, static function (string $line): void {
    PrestaShopLogger::addLog($line, 2);
});
(new ReflectionProperty(Relevo::class, 'pending'))->setValue(null, $pending);
$module = new Relevo();
foreach (Relevo::HOOKS as $hook) {
    same(true, method_exists($module, 'hook' . ucfirst($hook)), "there is a method for $hook");
}

$order = new Order(727);
$module->hookActionCustomerAccountAdd(['newCustomer' => new Customer(25)]);
foreach (range(1, 10) as $n) {
    $module->hookActionCartSave(['cart' => new Cart(310)]);
}
$module->hookActionCartSave(['cart' => null]);
$module->hookActionValidateOrder(['order' => $order, 'orderStatus' => null]);
$module->hookActionOrderStatusPostUpdate(['id_order' => 727, 'newOrderStatus' => new OrderState(2)]);
$module->hookActionUpdateQuantity(['id_product' => 17, 'id_product_attribute' => 23, 'quantity' => 11]);
$module->hookActionOrderSlipAdd(['order' => $order]);
$module->hookActionOrderReturn(['orderReturn' => new OrderReturn(5)]);
$module->hookActionProductSave(['id_product' => 17]);
$module->hookActionNewsletterRegistrationAfter(['email' => 'paul@example.com', 'action' => '0', 'error' => '']);
$module->hookActionNewsletterRegistrationAfter(['email' => 'eve@example.com', 'action' => '0', 'error' => 'no address']);
same([], $store->rows, 'nothing is read or written before the shop has answered');
$pending->note('order', 'broken', static function (): array {
    throw new RuntimeException('no such order');
});
$pending->finish(null, false, 1_772_731_800);
same(['relevo: the order could not be noted: no such order'], PrestaShopLogger::$lines, 'one failure costs itself');
$kinds = array_column($store->messages(), 'type');
same(
    ['customer', 'cart', 'order', 'order', 'stock_available', 'order_slip', 'order_return', 'product', 'newsletter'],
    $kinds,
    'each thing is told once, each state of an order by itself'
);
same(0, preg_match('/passwd|secure_key|"hash"/', implode('', array_column($store->rows, 'body'))), 'without secrets');
$states = [];
foreach ($store->messages() as $message) {
    if ($message['type'] === 'order') {
        $states[] = (int) $message['data']['order']['current_state'];
    }
}
same([1, 2], $states, 'the state that the hook tells counts');
$told = array_values(array_filter($store->messages(), static fn (array $one): bool => $one['type'] === 'product'));
same('Atelier Bleu', $told[0]['data']['product']['manufacturer_name'], 'the product is what the web service tells');
file_put_contents($argv[1], json_encode(array_column($store->rows, 'body')));
