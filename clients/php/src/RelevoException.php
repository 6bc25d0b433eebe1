<?php

declare(strict_types=1);

namespace Relevo;

/** The base of everything that a client throws. */
class RelevoException extends \RuntimeException
{
}
