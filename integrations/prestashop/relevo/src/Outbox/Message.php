<?php

declare(strict_types=1);

namespace Relevo\Outbox;

/** A CloudEvent whose data is a record of the shop's API. Its id stays the same however often it is sent. */
final class Message
{
    /** Names of fields that hold a secret, without underscores. What begins with one of them is dropped, too. */
    private const SECRETS = [
        'passwd', 'password', 'securekey', 'resetpassword', 'lastpasswd', 'ipregistration', 'ipaddress', 'remoteip',
        'xforwardedfor', 'protectcode', 'rptoken', 'cc', 'additionalinformation', 'confirmationtoken', 'secret',
    ];

    /**
     * @param array<string, mixed> $record
     * @param array<string, list<array<string, mixed>>> $related rows that the record refers to, by their lists
     */
    public static function of(
        string $id,
        string $source,
        string $kind,
        array $record,
        array $related,
        \DateTimeImmutable $time
    ): string {
        return json_encode([
            'specversion' => '1.0',
            'id' => $id,
            'source' => $source,
            'type' => $kind,
            'time' => $time->setTimezone(new \DateTimeZone('UTC'))->format('Y-m-d\TH:i:s\Z'),
            'datacontenttype' => 'application/json',
            'data' => [$kind => self::withoutSecrets($record), 'related' => (object) self::withoutSecrets($related)],
        ], JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE
            | JSON_PARTIAL_OUTPUT_ON_ERROR | JSON_PRESERVE_ZERO_FRACTION);
    }

    /** An id that nobody else has (UUID, version 4). */
    public static function id(): string
    {
        $bytes = random_bytes(16);
        $bytes[6] = chr((ord($bytes[6]) & 0x0f) | 0x40);
        $bytes[8] = chr((ord($bytes[8]) & 0x3f) | 0x80);
        return vsprintf('%s%s-%s-%s-%s-%s%s%s', str_split(bin2hex($bytes), 4));
    }

    /**
     * @param array<int|string, mixed> $value
     * @return array<int|string, mixed>
     */
    public static function withoutSecrets(array $value): array
    {
        $kept = [];
        foreach ($value as $name => $item) {
            if (is_string($name) && self::isSecret($name)) {
                continue;
            }
            $kept[$name] = is_array($item) ? self::withoutSecrets($item) : $item;
        }
        return $kept;
    }

    private static function isSecret(string $name): bool
    {
        if (strncasecmp($name, 'cc_', 3) === 0) {
            return true;
        }
        $plain = str_replace('_', '', strtolower($name));
        foreach (self::SECRETS as $secret) {
            if ($secret !== 'cc' && strncmp($plain, $secret, strlen($secret)) === 0) {
                return true;
            }
        }
        return false;
    }
}
