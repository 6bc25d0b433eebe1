<?php

declare(strict_types=1);

namespace Relevo\PrestaShop;

use Relevo\Outbox\Store;

/** The table `PREFIX_relevo_outbox`. */
final class DbStore implements Store
{
    public static function table(): string
    {
        return _DB_PREFIX_ . 'relevo_outbox';
    }

    public static function install(): bool
    {
        return \Db::getInstance()->execute(
            'CREATE TABLE IF NOT EXISTS `' . self::table() . '` (
                `number` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
                `id` CHAR(36) NOT NULL UNIQUE,
                `body` MEDIUMTEXT NOT NULL,
                `created` INT UNSIGNED NOT NULL,
                `due` INT UNSIGNED NOT NULL,
                `attempts` INT UNSIGNED NOT NULL DEFAULT 0,
                `claim` CHAR(36) NOT NULL DEFAULT \'\',
                KEY `due` (`due`)
            ) ENGINE=' . _MYSQL_ENGINE_ . ' DEFAULT CHARSET=utf8mb4'
        );
    }

    public static function uninstall(): bool
    {
        return \Db::getInstance()->execute('DROP TABLE IF EXISTS `' . self::table() . '`');
    }

    public function add(string $id, string $body, int $now): void
    {
        \Db::getInstance()->insert('relevo_outbox', [
            'id' => pSQL($id),
            'body' => pSQL($body, true),
            'created' => $now,
            'due' => $now,
        ]);
    }

    public function claim(int $now, int $most, int $seconds): array
    {
        $claim = \Relevo\Outbox\Message::id();
        $db = \Db::getInstance();
        $db->execute(sprintf(
            "UPDATE `%s` SET `claim` = '%s', `due` = %d WHERE `due` <= %d ORDER BY `number` LIMIT %d",
            self::table(),
            pSQL($claim),
            $now + $seconds,
            $now,
            $most
        ));
        $rows = $db->executeS(sprintf(
            "SELECT `id`, `body`, `attempts`, `created` FROM `%s` WHERE `claim` = '%s' ORDER BY `number`",
            self::table(),
            pSQL($claim)
        ));
        $found = [];
        foreach (is_array($rows) ? $rows : [] as $row) {
            $found[] = [
                'id' => (string) $row['id'],
                'body' => (string) $row['body'],
                'attempts' => (int) $row['attempts'],
                'created' => (int) $row['created'],
            ];
        }
        return $found;
    }

    public function done(string $id): void
    {
        \Db::getInstance()->delete('relevo_outbox', "`id` = '" . pSQL($id) . "'");
    }

    public function later(string $id, int $attempts, int $due): void
    {
        \Db::getInstance()->update(
            'relevo_outbox',
            ['attempts' => $attempts, 'due' => $due, 'claim' => ''],
            "`id` = '" . pSQL($id) . "'"
        );
    }
}
