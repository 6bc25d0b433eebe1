"""The runner of the conformance itself, on a small archive: no network."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.__main__ import BEGIN, END, newest, write
from tests.conformance.package import PackageError, Sample, samples, verify
from tests.conformance.reading import page, read, read_all, table
from tests.ingest.webhooks import fixture


def archive(folder: Path, files: dict[str, Any]) -> Path:
    path = folder / "package.tgz"
    with tarfile.open(path, "w:gz") as package:
        for name, content in files.items():
            data = json.dumps(content).encode()
            member = tarfile.TarInfo(f"package/metadatas/{name}.json")
            member.size = len(data)
            package.addfile(member, io.BytesIO(data))
    return path


def test_the_samples_of_an_archive(tmp_path: Path) -> None:
    files = {
        "2026-01/orders/create": {"response": fixture("orders/create")},
        "2026-04/orders/create": {"response": fixture("orders/create")},
        "2026-04/customer.tags_added": {"response": fixture("customer.tags_added")},
        "2026-04/themes/publish": {"response": {}},
        "2026-04/no/sample": {"description": "no body"},
    }
    found = list(samples(archive(tmp_path, files)))
    assert [(one.version, one.topic) for one in found] == [
        ("2026-01", "orders/create"),
        ("2026-04", "customer.tags_added"),
        ("2026-04", "orders/create"),
        ("2026-04", "themes/publish"),
    ]
    assert [one.topic for one in newest(found)] == ["customer.tags_added", "orders/create"]
    assert [one.events for one in read_all(found)] == [("order.placed",), ("customer.updated",), ("order.placed",)]


def test_another_package_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="is not the pinned package"):
        verify(archive(tmp_path, {}))


def test_the_outcomes_in_a_table_and_on_the_page(tmp_path: Path) -> None:
    outcomes = [
        read(Sample("2026-01", "orders/create", fixture("orders/create"))),
        read(Sample("2026-04", "orders/create", {"id": 5, "name": "#5", "line_items": 7})),
        read(Sample("2026-04", "orders/updated", fixture("orders/updated"))),
        read(Sample("2026-04", "refunds/create", {"order_id": 1, "transactions": [], "id": []})),
    ]
    shown = table(outcomes)
    assert "orders/create     1       1" in shown
    assert "1 orders/updated: the order was not heard of before" in shown
    assert "2026-04 refunds/create: InvalidPayload: id: is missing" in shown
    document = tmp_path / "ingest.md"
    document.write_text(f"before\n{BEGIN}old figures\n{END}\nafter\n")
    write(page(outcomes, "`package` 1"), document)
    text = document.read_text()
    assert "`package` 1: 4 samples of 3 topics in 2 API versions (2026-01 to 2026-04). 2 are events" in text
    assert "old figures" not in text
    assert text.endswith("after\n")
