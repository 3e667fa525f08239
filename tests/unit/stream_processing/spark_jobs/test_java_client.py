import pytest

from contracts.errors import ConfigError
from stream_processing.spark_jobs.java_client import translate


def test_tuning_of_our_own_client_is_left_out() -> None:
    assert translate({"bootstrap.servers": "a:1", "client.id": "x", "log_level": 3}) == {"bootstrap.servers": "a:1"}


def test_a_login_over_tls() -> None:
    client = {
        "bootstrap.servers": "a:1",
        "security.protocol": "SASL_SSL",
        "sasl.mechanisms": "SCRAM-SHA-512",
        "sasl.username": "me",
        "sasl.password": 'p"a\\ss',
        "ssl.ca.location": "/ca.pem",
    }
    assert translate(client) == {
        "bootstrap.servers": "a:1",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required "
        'username="me" password="p\\"a\\\\ss";',
        "ssl.truststore.location": "/ca.pem",
        "ssl.truststore.type": "PEM",
    }


def test_a_security_setting_without_translation_stops_the_start_and_shows_no_secret() -> None:
    with pytest.raises(ConfigError, match=r"client\.ssl\.key\.password") as caught:
        translate({"bootstrap.servers": "a:1", "ssl.key.password": "hush"})
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("mechanism", ["GSSAPI", ""])
def test_a_mechanism_that_is_not_supported(mechanism: str) -> None:
    client = {"bootstrap.servers": "a:1", "sasl.username": "me", "sasl.password": "hush"}
    with pytest.raises(ConfigError, match=r"sasl\.mechanism") as caught:
        translate(client | ({"sasl.mechanism": mechanism} if mechanism else {}))
    assert "hush" not in str(caught.value)
