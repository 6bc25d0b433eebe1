"""Settings of Kafka's security that can't be together are refused with the variables, and secrets never show."""

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_runtime.environment import SettingsError, settings_from
from relevo_runtime.kafka.clients import connection
from relevo_runtime.settings import RuntimeSettings, describe_settings

SCRAM = {"KAFKA_SASL_MECHANISM": "SCRAM-SHA-256", "KAFKA_USERNAME": "relevo", "KAFKA_PASSWORD": "hunter2"}
TOKENS = {
    "KAFKA_SASL_MECHANISM": "oauthbearer",
    "KAFKA_TOKEN_URL": "https://id.example.com/token",
    "KAFKA_TOKEN_CLIENT_ID": "relevo",
    "KAFKA_TOKEN_CLIENT_SECRET": "hunter2",
}

IMPOSSIBLE = [
    ({"KAFKA_SECURITY": "SASL_SSL"}, "RELEVO_KAFKA_SASL_MECHANISM: RELEVO_KAFKA_SECURITY=SASL_SSL needs one"),
    (SCRAM, "KAFKA_USERNAME, RELEVO_KAFKA_PASSWORD: of no use with RELEVO_KAFKA_SECURITY=PLAINTEXT"),
    ({"KAFKA_CA": "/ca.pem"}, "RELEVO_KAFKA_CA: of no use with RELEVO_KAFKA_SECURITY=PLAINTEXT; with TLS it is SSL"),
    (
        SCRAM | {"KAFKA_SECURITY": "SASL_PLAINTEXT", "KAFKA_VERIFY_HOSTNAME": "no"},
        "RELEVO_KAFKA_VERIFY_HOSTNAME: of no use with RELEVO_KAFKA_SECURITY=SASL_PLAINTEXT; with TLS it is SASL_SSL",
    ),
    (
        SCRAM | {"KAFKA_SECURITY": "SASL_SSL", "KAFKA_PASSWORD": ""},
        "KAFKA_PASSWORD: RELEVO_KAFKA_SASL_MECHANISM=",
    ),
    (
        SCRAM | {"KAFKA_SECURITY": "SASL_SSL", "KAFKA_TOKEN_SCOPE": "kafka"},
        "RELEVO_KAFKA_TOKEN_SCOPE: of no use with RELEVO_KAFKA_SASL_MECHANISM=SCRAM-SHA-256",
    ),
    (
        TOKENS | {"KAFKA_SECURITY": "SASL_SSL", "KAFKA_PASSWORD": "hunter2"},
        "RELEVO_KAFKA_PASSWORD: of no use with RELEVO_KAFKA_SASL_MECHANISM=OAUTHBEARER",
    ),
    (
        TOKENS | {"KAFKA_SECURITY": "SASL_SSL", "KAFKA_TOKEN_URL": "http://id.example.com/token"},
        "RELEVO_KAFKA_TOKEN_URL: a client secret goes there, so it begins with https://",
    ),
    (
        {"KAFKA_SECURITY": "SSL", "KAFKA_KEY": "/key.pem"},
        "KAFKA_KEY: of no use without RELEVO_KAFKA_CERTIFICATE",
    ),
    ({"KAFKA_SECURITY": "TLS"}, "RELEVO_KAFKA_SECURITY=TLS: input should be 'PLAINTEXT', 'SSL', 'SASL_PLAINTEXT'"),
]


def given_by(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> dict[str, str]:
    named = {f"RELEVO_{name}": value for name, value in environment.items()}
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    return named


@pytest.mark.parametrize("odd", ["kafka-1:abc", "kafka://kafka-1:9092", "kafka-1:9092,", "kafka-1 9092", ""])
def test_what_is_no_list_of_brokers(monkeypatch: pytest.MonkeyPatch, odd: str) -> None:
    monkeypatch.setenv("RELEVO_KAFKA", odd)
    with pytest.raises(SettingsError, match=r"RELEVO_KAFKA.* is not host:port"):
        settings_from(RuntimeSettings, {"RELEVO_KAFKA": odd})


@pytest.mark.parametrize("brokers", ["kafka-1:9092, kafka-2.example.com:9093", "kafka", "[::1]:9092", "10.0.0.7:9092"])
def test_what_is_a_list_of_brokers(brokers: str) -> None:
    assert RuntimeSettings.model_validate({"kafka": brokers}).kafka == brokers


@pytest.mark.parametrize(("environment", "told"), IMPOSSIBLE)
def test_what_cannot_be_together(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], told: str) -> None:
    named = given_by(monkeypatch, environment)
    with pytest.raises(SettingsError) as refused:
        settings_from(RuntimeSettings, named)
    assert told in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "environment", [SCRAM | {"KAFKA_SECURITY": "sasl_plaintext"}, TOKENS | {"KAFKA_SECURITY": "SASL_SSL"}]
)
def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    given_by(monkeypatch, environment)
    settings = RuntimeSettings()
    listing = describe_settings([RuntimeSettings])
    assert "hunter2" not in f"{settings!r} {settings} {listing}"
    assert any(one.value == "********" for one in listing if one.variable.endswith(("PASSWORD", "SECRET")))


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    given_by(monkeypatch, {"KAFKA_CA": "", "KAFKA_SASL_MECHANISM": "", "KAFKA_KEY": ""})
    assert connection(RuntimeSettings()) == {"bootstrap_servers": "127.0.0.1:9092", "security_protocol": "PLAINTEXT"}


FIELDS = {
    "kafka_security": st.sampled_from(["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]),
    "kafka_sasl_mechanism": st.sampled_from(["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]),
    "kafka_username": st.sampled_from(["", "relevo"]),
    "kafka_password": st.sampled_from(["", "hunter2"]),
    "kafka_ca": st.sampled_from([None, "/ca.pem"]),
    "kafka_certificate": st.sampled_from([None, "/client.pem"]),
    "kafka_key": st.sampled_from([None, "/key.pem"]),
    "kafka_token_url": st.sampled_from(["", "https://id.example.com/token"]),
    "kafka_token_client_id": st.sampled_from(["", "relevo"]),
    "kafka_token_client_secret": st.sampled_from(["", "hunter2"]),
}


@given(st.fixed_dictionaries(FIELDS))
def test_what_is_accepted_is_whole_and_all_of_it_is_used(values: dict[str, object]) -> None:
    try:
        settings = RuntimeSettings.model_validate(values)
    except pydantic.ValidationError as error:
        assert "RELEVO_KAFKA_" in str(error)
        assert "hunter2" not in str(error)
        return
    sasl, tls = settings.kafka_security.startswith("SASL"), settings.kafka_security.endswith("SSL")
    by_token = settings.kafka_sasl_mechanism == "OAUTHBEARER"
    assert bool(values["kafka_sasl_mechanism"]) == sasl
    assert bool(values["kafka_username"] and values["kafka_password"]) == (sasl and not by_token)
    assert bool(values["kafka_token_url"] and values["kafka_token_client_secret"]) == (sasl and by_token)
    assert tls or not (values["kafka_ca"] or values["kafka_certificate"] or values["kafka_key"])
