"""What a deployed template asks, read from the catalog. A version never changes, so what was read stays true."""

from collections import OrderedDict

import msgspec

from relevo_contracts.surveys import Survey
from relevo_ingest.adapters.database_away import busy_while_away
from relevo_runtime import catalog
from relevo_runtime.postgres import Pool

_REMEMBERED = 500


class _Asking(msgspec.Struct, frozen=True):
    survey: Survey | None = None


class Surveys:
    """The port `SurveyCatalog` on PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: OrderedDict[tuple[str, str], Survey] = OrderedDict()

    async def asked(self, version: str, template: str) -> Survey | None:
        """The survey of a template of a version; `None` if it asks none, or is not there any more. Raises `Busy`."""
        found = self._known.get((version, template))
        if found is None:
            found = await self._read(version, template)
            if found is not None:
                self._known[version, template] = found
                if len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
        return found

    async def _read(self, version: str, template: str) -> Survey | None:
        with busy_while_away():
            templates = await catalog.compiled_templates(self._pool, version)
        compiled = msgspec.json.decode(templates, type=dict[str, _Asking])
        return compiled[template].survey if template in compiled else None
