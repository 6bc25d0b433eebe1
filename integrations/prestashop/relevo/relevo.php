<?php

declare(strict_types=1);

if (!defined('_PS_VERSION_')) {
    exit;
}

require_once __DIR__ . '/autoload.php';

use Relevo\Outbox\CurlTransport;
use Relevo\Outbox\Sender;
use Relevo\PrestaShop\DbStore;
use Relevo\PrestaShop\Pending;
use Relevo\PrestaShop\Records;

/** Tells Relevo what happens in the shop, without making anybody wait for it. */
class Relevo extends Module
{
    public const HOOKS = [
        'actionValidateOrder', 'actionOrderStatusPostUpdate', 'actionCustomerAccountAdd', 'actionCustomerAccountUpdate',
        'actionCartSave', 'actionUpdateQuantity', 'actionOrderSlipAdd', 'actionOrderReturn', 'actionProductSave',
        'actionNewsletterRegistrationAfter',
    ];

    private static ?Pending $pending = null;

    public function __construct()
    {
        $this->name = 'relevo';
        $this->tab = 'advertising_marketing';
        $this->version = '0.1.0';
        $this->author = 'Relevo';
        $this->need_instance = 0;
        // thirty bees, which runs on PHP 8, calls itself 1.6.1.999; PrestaShop 1.6 itself does not
        $this->ps_versions_compliancy = ['min' => '1.6.1.999', 'max' => '9.99.99'];
        $this->bootstrap = true;
        parent::__construct();
        $this->displayName = 'Relevo';
        $this->description = 'Tells Relevo of orders, customers, carts and stock as they change.';
    }

    public function install()
    {
        return parent::install() && DbStore::install() && $this->registerHook(self::HOOKS);
    }

    public function uninstall()
    {
        Configuration::deleteByName('RELEVO_URL');
        Configuration::deleteByName('RELEVO_SECRET');
        return DbStore::uninstall() && parent::uninstall();
    }

    public function getContent()
    {
        $told = '';
        if (Tools::isSubmit('submitRelevo')) {
            $url = trim((string) Tools::getValue('RELEVO_URL'));
            if (!preg_match('#^https?://[^\s/]+/\S*$#', $url)) {
                $told = $this->displayError('The address has the form https://relevo.example/hooks/SHOP/prestashop');
            } else {
                Configuration::updateValue('RELEVO_URL', $url);
                if (($secret = trim((string) Tools::getValue('RELEVO_SECRET'))) !== '') {
                    Configuration::updateValue('RELEVO_SECRET', $secret);
                }
                $told = $this->displayConfirmation('Saved');
            }
        }
        return $told . $this->form();
    }

    public function hookActionValidateOrder(array $params): void
    {
        $order = $params['order'];
        $state = isset($params['orderStatus']->id) ? (int) $params['orderStatus']->id : null;
        $this->note('order', $order->id . ':' . $state, static fn () => Records::order((int) $order->id, $state));
    }

    public function hookActionOrderStatusPostUpdate(array $params): void
    {
        $id = (int) $params['id_order'];
        $state = isset($params['newOrderStatus']->id) ? (int) $params['newOrderStatus']->id : null;
        $this->note('order', $id . ':' . $state, static fn () => Records::order($id, $state));
    }

    public function hookActionCustomerAccountAdd(array $params): void
    {
        $id = (int) ($params['newCustomer']->id ?? 0);
        $this->note('customer', (string) $id, static fn () => Records::customer($id));
    }

    public function hookActionCustomerAccountUpdate(array $params): void
    {
        $id = (int) ($params['customer']->id ?? 0);
        $this->note('customer', (string) $id, static fn () => Records::customer($id));
    }

    public function hookActionCartSave(array $params): void
    {
        $id = (int) ($params['cart']->id ?? 0);
        if ($id > 0) {
            $this->note('cart', (string) $id, static fn () => Records::cart($id));
        }
    }

    public function hookActionUpdateQuantity(array $params): void
    {
        $product = (int) $params['id_product'];
        $combination = (int) ($params['id_product_attribute'] ?? 0);
        $quantity = (float) $params['quantity'];
        $read = static fn () => Records::stock($product, $combination, $quantity);
        $this->note('stock_available', $product . ':' . $combination, $read);
    }

    public function hookActionOrderSlipAdd(array $params): void
    {
        $order = $params['order'];
        $this->note('order_slip', (string) $order->id, static function () use ($order) {
            $slips = OrderSlip::getOrdersSlip((int) $order->id_customer, (int) $order->id);
            return Records::slip((int) max(array_column($slips, 'id_order_slip')));
        });
    }

    public function hookActionOrderReturn(array $params): void
    {
        $id = (int) ($params['orderReturn']->id ?? 0);
        $this->note('order_return', (string) $id, static fn () => Records::returned($id));
    }

    public function hookActionProductSave(array $params): void
    {
        $id = (int) $params['id_product'];
        $this->note('product', (string) $id, static fn () => Records::product($id));
    }

    public function hookActionNewsletterRegistrationAfter(array $params): void
    {
        if (!empty($params['error'])) {
            return;
        }
        $email = (string) $params['email'];
        $active = (string) $params['action'] === '0'; // 0 subscribes, 1 unsubscribes
        $this->note('newsletter', $email, static fn () => Records::newsletter($email, $active));
    }

    public static function sender(): Sender
    {
        $url = (string) Configuration::get('RELEVO_URL');
        return new Sender(new DbStore(), new CurlTransport(), $url, (string) Configuration::get('RELEVO_SECRET'));
    }

    /** @param callable(): array $read */
    private function note(string $kind, string $key, callable $read): void
    {
        if (self::$pending === null) {
            self::$pending = $pending = new Pending(new DbStore(), static function (string $line): void {
                PrestaShopLogger::addLog($line, 2);
            });
            register_shutdown_function(static function () use ($pending): void {
                $answered = function_exists('fastcgi_finish_request') && fastcgi_finish_request();
                $pending->finish($answered ? self::sender() : null, $answered, time());
            });
        }
        self::$pending->note($kind, $key, $read);
    }

    private function form(): string
    {
        $helper = new HelperForm();
        $helper->module = $this;
        $helper->token = Tools::getAdminTokenLite('AdminModules');
        $helper->currentIndex = AdminController::$currentIndex . '&configure=' . $this->name;
        $helper->submit_action = 'submitRelevo';
        $helper->fields_value = ['RELEVO_URL' => Configuration::get('RELEVO_URL'), 'RELEVO_SECRET' => ''];
        $input = [
            ['type' => 'text', 'label' => 'Address', 'name' => 'RELEVO_URL', 'required' => true],
            ['type' => 'password', 'label' => 'Secret (empty: as it is)', 'name' => 'RELEVO_SECRET'],
        ];
        $form = ['legend' => ['title' => 'Relevo'], 'input' => $input, 'submit' => ['title' => 'Save']];
        return $helper->generateForm([['form' => $form]]);
    }
}
