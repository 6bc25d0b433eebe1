"""`relevo import`: files become historical events, once, however often it is started and whatever stops it."""

import asyncio
import gzip
import json
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from relevo_contracts.envelope import Event
from relevo_contracts.payloads import Money
from relevo_contracts.topics import EVENTS
from relevo_engine.adapters import catalogue
from relevo_runtime import catalog
from relevo_runtime.postgres import Pool
from relevo_runtime.settings import RuntimeSettings
from relevo_workflow import Product, ProductVariant
from tests.cli.test_commands import given
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo, start
from tests.scheduler.reading import read_topic


@pytest.fixture
async def own(settings: SettingsFactory, topics: list[str], pool: Pool) -> RuntimeSettings:
    assert topics
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, catalog.Shop(shop="tea", platform="shopify", currency="EUR", locale="de-DE"))
    return settings()


async def _events(own: RuntimeSettings) -> list[Event]:
    return [msgspec.json.decode(value, type=Event) for _, value in await read_topic(own, EVENTS)]


async def _import(own: RuntimeSettings, kind: str, *arguments: str) -> tuple[int, dict[str, Any]]:
    code, out, err = await relevo("import", kind, *arguments, "--shop", "tea", "--json", **given(own))
    assert out, err
    return code, json.loads(out)


async def test_customers_become_historical_events_once(own: RuntimeSettings, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_bytes("id;email;telefon;last_name\n7;ana@example.com;030 901820;Müller\n8;oops;;\n".encode("cp1252"))
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("columns: {telefon: phone}\n")
    code, found = await _import(own, "customers", str(file), "--mapping", str(mapping))
    assert (code, found["encoding"], found["rows"], found["imported"], found["rejected"]) == (1, "cp1252", 2, 1, 1)
    (event,) = await _events(own)
    assert (event.type, event.historical, event.source) == ("customer.updated", True, "import")
    assert event.data["customer"] == {
        **{"id": "7", "email": "ana@example.com", "phone": "+4930901820", "last_name": "Müller"}
    }
    rejected = tmp_path / "customers.csv.rejected.csv"
    assert rejected.read_text().splitlines()[1] == "3;email;'oops' is not an e-mail address;8;oops;;"
    code, found = await _import(own, "customers", str(file), "--mapping", str(mapping))
    assert found["imported_before"] is not None
    rejected.write_text(rejected.read_text().replace(";oops;", ";ben@example.com;"))
    code, found = await _import(own, "customers", str(rejected), "--mapping", str(mapping))
    assert (code, found["imported"]) == (0, 1)
    _, found = await _import(own, "customers", str(file), "--mapping", str(mapping), "--again")
    ids = [event.id for event in await _events(own)]
    assert (len(ids), len(set(ids))) == (3, 2)


async def test_a_dry_run_stores_nothing_and_tells_everything(own: RuntimeSettings, pool: Pool, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv.gz"
    file.write_bytes(
        gzip.compress(b"order_id,created_at,email,total,Note\n1,2026-01-02,a@example.com,5.00,x\n2,,b,6,\n")
    )
    code, out, err = await relevo("import", "orders", str(file), "--shop", "tea", "--dry-run", **given(own))
    assert code == 1, err
    assert "CSV, utf-8, separated by ','" in out
    assert "columns read: order_id as order_id, created_at as placed_at, email as customer.email" in out
    assert "2 rows: 1 would be imported, 1 rejected" in out
    assert "line 3: created_at: is empty" in out
    assert await _events(own) == []
    assert await pool.fetchval("select count(*) from ingest.import") == 0
    assert list(tmp_path.iterdir()) == [file]


async def test_products_are_listed_and_shown(own: RuntimeSettings, pool: Pool) -> None:
    green = Product(
        product_id="p-1",
        title="Green tea",
        categories=["Tea"],
        variants=[ProductVariant(variant_id="v1", sku="S", price=Money("4.00", "EUR"), available=3)],
        told_at=datetime(2026, 3, 2, tzinfo=UTC),
    )
    rows = {("tea", "p-1"): green, ("tea", "p-2"): Product(product_id="p-2", ordered=True)}
    part = catalogue.saving(rows, datetime(2026, 3, 2, tzinfo=UTC))
    await pool.execute(part.sql, *part.parameters)
    code, out, err = await relevo("products", "tea", **given(own))
    assert (code, out) == (0, "p-1  Green tea  4.00 EUR  in stock  Tea\np-2  -\n"), err
    code, out, err = await relevo("products", "tea", "p-1", **given(own))
    assert out.splitlines()[1:] == ["  v1  S  4.00 EUR  3 in stock", "  told at 2026-03-02 00:00 UTC"]
    code, _, err = await relevo("products", "tea", "p-9", **given(own))
    assert (code, "nothing told of a product 'p-9'" in err) == (2, True)


async def test_a_shops_own_fields_are_set_listed_and_taken_away(own: RuntimeSettings, pool: Pool) -> None:
    before = await pool.fetchval("select number from catalog.revision")
    code, out, err = await relevo("fields", "tea", "birthday=custom.birthday", "group=custom.tier", **given(own))
    assert (code, out) == (0, "birthday = custom.birthday\ngroup = custom.tier\n"), err
    assert await pool.fetchval("select number from catalog.revision") > before
    code, out, err = await relevo("fields", "tea", "group=", **given(own))
    assert (code, out) == (0, "birthday = custom.birthday\n"), err
    for setting, problem in (
        ("birthday", "is not FIELD=NAME"),
        ("email=custom.mail", "'email' is not one of birthday"),
    ):
        code, _, err = await relevo("fields", "tea", setting, **given(own))
        assert (code, problem in err) == (2, True), err


async def test_what_cant_be_imported_at_all_is_one_sentence(own: RuntimeSettings, tmp_path: Path) -> None:
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(b"id\n" * 1000)[:-9])
    other = tmp_path / "other.csv"
    other.write_text("foo,bar\n1,2\n")
    for arguments, problem in (
        ((str(cut),), "is damaged as a compressed file, or cut off"),
        ((str(other),), "none of its columns ('foo', 'bar') is a column of customers"),
        ((str(other), "--encoding", "ebcdic"), "--encoding: 'ebcdic' is none of utf-8"),
        ((str(other), "--as-of", "soon"), "--as-of: 'soon' is not a time"),
    ):
        code, _, err = await relevo("import", "customers", *arguments, "--shop", "tea", **given(own))
        assert (code, problem in err) == (2, True), err
    code, _, err = await relevo("import", "customers", str(other), "--shop", "coffee", **given(own))
    assert (code, "shop 'coffee' is not known" in err) == (2, True)


async def test_a_killed_import_goes_on_and_a_changed_file_begins_anew(
    own: RuntimeSettings, pool: Pool, tmp_path: Path
) -> None:
    rows = 20_000
    file = tmp_path / "customers.csv"
    lines = [f"{n},{'oops' if n % 1000 == 0 else f'c{n}@example.com'}\n" for n in range(rows)]
    file.write_text("id,email\n" + "".join(lines))
    await _killed(own, pool, file)
    code, _, err = await relevo("import", "customers", str(file), "--shop", "tea", **given(own))
    assert code == 1, err
    assert "goes on after line" in err
    events = await _events(own)
    assert len({event.id for event in events}) == rows - rows // 1000
    rejected = (tmp_path / "customers.csv.rejected.csv").read_text().splitlines()
    assert [line.split(",")[-2] for line in rejected[1:]] == [str(n) for n in range(0, rows, 1000)]
    file.write_text("id,email\n" + "".join(lines[1:]))
    await _killed(own, pool, file)
    file.write_text("id,email\n" + "".join(lines[5:]))
    code, _, err = await relevo("import", "customers", str(file), "--shop", "tea", **given(own))
    assert (code, "has changed since its import stopped at line" in err) == (1, True), err


async def _killed(own: RuntimeSettings, pool: Pool, file: Path) -> None:
    """Starts an import, and kills it once it has kept how far it is."""
    process = await start("import", "customers", str(file), "--shop", "tea", **given(own))
    while process.returncode is None and not await pool.fetchval(
        "select exists (select from ingest.import where ended_at is null)"
    ):
        await asyncio.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert await process.wait() == -signal.SIGKILL
