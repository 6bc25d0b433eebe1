"""One place makes the clients of Kafka, so that each has the TLS and the credentials of the settings."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLIENTS = ("AIOKafkaConsumer", "AIOKafkaProducer", "AIOKafkaAdminClient", "AIOKafkaClient", "create_conn")
ONE_PLACE = "shared/runtime/relevo_runtime/kafka"


def made(tree: ast.AST) -> set[str]:
    """The classes of aiokafka that a module calls."""
    called = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    names = {each.id if isinstance(each, ast.Name) else getattr(each, "attr", "") for each in called}
    return names & set(CLIENTS)


def test_no_module_makes_a_client_of_its_own() -> None:
    found = {}
    for folder in ("shared", "services", "cli", "deploy", "clients/python", "testing"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            where = path.relative_to(ROOT).as_posix()
            if classes := made(ast.parse(path.read_text())):
                found[where] = classes
    assert found == {
        f"{ONE_PLACE}/clients.py": {"AIOKafkaConsumer", "AIOKafkaProducer", "AIOKafkaAdminClient"},
        f"{ONE_PLACE}/refusals.py": {"create_conn"},
    }
