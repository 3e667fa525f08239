"""Kafka client settings as our own client spells them, translated for Spark's Java client.

The two agree on most names. They differ where credentials are concerned, and there a setting must not get lost: what
has no translation stops the start. Other settings tune our client only and are left out.
"""

from collections.abc import Mapping
from typing import Final

from contracts.errors import ConfigError

_SAME: Final = ("bootstrap.servers", "security.protocol", "sasl.mechanism", "ssl.endpoint.identification.algorithm")
_RENAMED: Final = {"sasl.mechanisms": "sasl.mechanism", "ssl.ca.location": "ssl.truststore.location"}
_LOGIN: Final = ("sasl.username", "sasl.password")
_LOGIN_MODULES: Final = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
}
_GUARDED: Final = ("ssl.", "sasl.", "security.", "enable.ssl.")


def translate(client: Mapping[str, str | float]) -> dict[str, str]:
    """Settings of the Java client; `ConfigError` for a security setting that has no translation."""
    known = {*_SAME, *_RENAMED, *_LOGIN}
    for name in client:
        if name.startswith(_GUARDED) and name not in known:
            raise _untranslatable(name, "is not understood by the streaming job")
    java = {_RENAMED.get(name, name): str(client[name]) for name in (*_SAME, *_RENAMED) if name in client}
    if "ssl.ca.location" in client:
        java["ssl.truststore.type"] = "PEM"
    if "sasl.username" in client:
        java["sasl.jaas.config"] = _login(java.get("sasl.mechanism", ""), *(str(client[name]) for name in _LOGIN))
    return java


def _login(mechanism: str, username: str, password: str) -> str:
    module = _LOGIN_MODULES.get(mechanism)
    if module is None:
        raise _untranslatable("sasl.mechanism", f"{mechanism or 'nothing'} is not one of {', '.join(_LOGIN_MODULES)}")
    return f"{module} required username={_quoted(username)} password={_quoted(password)};"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _untranslatable(name: str, problem: str) -> ConfigError:
    remedy = "Use a login by name and password over TLS, or a broker that needs neither"
    return ConfigError("kafka_config.yaml", f"client.{name}", problem, remedy)
