<?php

declare(strict_types=1);

namespace Relevo;

/** No answer came, however often it was tried: the events may be there or not. Send them again with the same ids. */
final class Unreachable extends RelevoException
{
}
