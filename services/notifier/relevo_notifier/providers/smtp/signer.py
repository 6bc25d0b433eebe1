"""Who signs mails with DKIM: this process, or others beside it, since RSA keeps a core busy for a millisecond."""

import asyncio
import os
import signal
import threading
import time
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context

import structlog

from relevo_notifier.providers.smtp.dkim import SigningKey, read_keys, with_signatures

_log = structlog.get_logger(__name__)
_LOOK_SECONDS = 1.0


class Signer:
    """Signs with the keys that `dkim` names, in so many `processes`; with 0 in this one."""

    def __init__(self, dkim: str, processes: int) -> None:
        self._dkim = dkim
        self._keys = _keys(dkim)
        self._pool: ProcessPoolExecutor | None = None
        if self._keys and processes:
            self._pool = ProcessPoolExecutor(
                processes, mp_context=get_context("spawn"), initializer=_begin, initargs=(os.getpid(),)
            )

    async def signed(self, mail: bytes, sender_domain: str) -> bytes:
        """The mail, signed by the keys of its sender's domain; as it is if there are none."""
        keys = _of(self._keys, sender_domain)
        if not keys:
            return mail
        if self._pool is not None:
            try:
                return await asyncio.get_running_loop().run_in_executor(
                    self._pool, _sign, self._dkim, sender_domain, mail
                )
            except BrokenExecutor as error:  # one of them was killed: the pool is of no use any more
                _log.warning("signing_processes_ended", reason=str(error)[:200])
                self.close()
        return with_signatures(mail, keys)

    def close(self) -> None:
        """End the processes; what signs then does so in this one."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)


@lru_cache(maxsize=8)
def _keys(dkim: str) -> tuple[SigningKey, ...]:
    return tuple(read_keys(dkim))


def _of(keys: tuple[SigningKey, ...], domain: str) -> list[SigningKey]:
    return [key for key in keys if key.aligns_with(domain)]


def _sign(dkim: str, domain: str, mail: bytes) -> bytes:
    """In a process of the pool, which reads the keys once."""
    return with_signatures(mail, _of(_keys(dkim), domain))


def _begin(parent: int) -> None:
    """A process of the pool leaves signals to its parent, and ends with it, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)
