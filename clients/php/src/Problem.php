<?php

declare(strict_types=1);

namespace Relevo;

/** The request was refused (RFC 9457), and nothing of it was stored. */
final class Problem extends RelevoException
{
    public readonly string $type;
    /** The end of `type`: `invalid-payload`, `id-used`, `not-authentic` … */
    public readonly string $kind;
    public readonly string $title;
    public readonly string $detail;
    /** @var list<array{where: string, problem: string}> everything that is wrong */
    public readonly array $errors;
    /** @var list<string> the ids that belong to other events */
    public readonly array $ids;

    public function __construct(public readonly int $status, string $body)
    {
        $found = json_decode($body, true);
        // An answer that is no problem document, as from a proxy, is told by its beginning.
        $found = is_array($found) ? $found : ['title' => 'no problem document', 'detail' => substr($body, 0, 200)];
        $text = static fn (string $name, string $else = ''): string =>
            is_scalar($found[$name] ?? null) ? (string) $found[$name] : $else;
        $list = static fn (string $name): array => is_array($found[$name] ?? null) ? $found[$name] : [];
        $this->type = $text('type', 'about:blank');
        $this->kind = substr(strrchr(':' . $this->type, ':') ?: ':', 1);
        $this->title = $text('title');
        $this->detail = $text('detail');
        $this->errors = $list('errors');
        $this->ids = $list('ids');
        parent::__construct("$status {$this->title}: {$this->detail}", $status);
    }
}
