from contracts.topics import PROGRESS, TOPICS, TRADES
from runtime.topics import differences, topic_settings


def test_every_topic_is_stamped_by_the_broker() -> None:
    assert {topic_settings(topic)["message.timestamp.type"] for topic in TOPICS} == {"LogAppendTime"}


def test_retention_is_in_the_broker_s_units() -> None:
    settings = topic_settings(TRADES._replace(retention_hours=2, retention_mib=3))
    assert settings["retention.ms"] == "7200000"
    assert settings["retention.bytes"] == "3145728"


def test_a_compacted_topic_is_not_cut_by_age() -> None:
    settings = topic_settings(PROGRESS)
    assert settings["cleanup.policy"] == "compact"
    assert not any(key.startswith("retention") for key in settings)


def test_differences_name_topic_and_setting() -> None:
    assert differences(TRADES, TRADES.partitions, topic_settings(TRADES)) == []
    changed = topic_settings(TRADES) | {"cleanup.policy": "compact"}
    del changed["retention.ms"]
    found = differences(TRADES, TRADES.partitions + 1, changed)
    assert len(found) == 3
    assert all(line.startswith("market.trades: ") for line in found)
    assert "retention.ms is unset" in found[-1] or "retention.ms is unset" in found[-2]
