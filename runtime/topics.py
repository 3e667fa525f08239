"""Brings the broker's topics in line with the topic table: missing ones are made, differences are told.

Nothing is changed on a topic that exists: an operator of an outside cluster may have had reasons.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType  # type: ignore[attr-defined]  # unmarked
from confluent_kafka.cimpl import NewTopic

from contracts.errors import PartError
from contracts.topics import TOPICS, Topic

TIMEOUT_S = 30.0
BROKERS_DEFAULT = -1
"""Replication factor: whatever the broker was set up with."""
MS_PER_HOUR = 3_600_000
COMPACTED_SEGMENT_MS = 600_000
"""The active segment is never compacted: close it now and then."""


def topic_settings(topic: Topic) -> dict[str, str]:
    """The broker-side settings a topic should have."""
    # Latency is measured to the moment a record stands in the log, so the broker's clock stamps it.
    common = {"message.timestamp.type": "LogAppendTime"}
    if topic.compacted:
        return common | {"cleanup.policy": "compact", "segment.ms": str(COMPACTED_SEGMENT_MS)}
    return common | {
        "cleanup.policy": "delete",
        "retention.ms": str(topic.retention_hours * MS_PER_HOUR),
        "retention.bytes": str(topic.retention_mib << 20),
    }


def differences(topic: Topic, partitions: int, settings: Mapping[str, str]) -> list[str]:
    """How an existing topic departs from the table, one sentence each."""
    found = [] if partitions == topic.partitions else [f"{topic.name}: {partitions} partitions, not {topic.partitions}"]
    return found + [
        f"{topic.name}: {key} is {settings.get(key, 'unset')}, not {wanted}"
        for key, wanted in topic_settings(topic).items()
        if settings.get(key) != wanted
    ]


def ensure_topics(client: Mapping[str, Any], topics: Sequence[Topic] = TOPICS) -> list[str]:
    """Make the missing topics; returns how the existing ones differ from the table. `client`: librdkafka settings."""
    admin = AdminClient(dict(client))
    try:
        found = admin.list_topics(timeout=TIMEOUT_S).topics
        new = [topic for topic in topics if topic.name not in found]
        _create(admin, new)
        old = [topic for topic in topics if topic.name in found]
        settings = _settings_of(admin, [topic.name for topic in old])
    except KafkaException as error:
        raise _failed(client, error.args[0].str()) from error
    except TimeoutError as error:
        raise _failed(client, f"no answer within {TIMEOUT_S:.0f} s") from error
    partitions = {name: len(metadata.partitions) for name, metadata in found.items()}
    return [line for topic in old for line in differences(topic, partitions[topic.name], settings[topic.name])]


def _failed(client: Mapping[str, Any], problem: str) -> PartError:
    where = client.get("bootstrap.servers")
    return PartError(f"cannot make the topics on {where}: {problem}. Check the address and that Kafka runs.")


def _create(admin: AdminClient, topics: Sequence[Topic]) -> None:
    if not topics:
        return
    wanted = [
        NewTopic(
            topic.name,
            num_partitions=topic.partitions,
            replication_factor=BROKERS_DEFAULT,
            config=topic_settings(topic),
        )
        for topic in topics
    ]
    for future in admin.create_topics(wanted, operation_timeout=TIMEOUT_S, request_timeout=TIMEOUT_S).values():
        try:
            future.result(TIMEOUT_S)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise


def _settings_of(admin: AdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    answers = admin.describe_configs(resources, request_timeout=TIMEOUT_S)
    return {
        resource.name: {key: entry.value for key, entry in future.result(TIMEOUT_S).items()}
        for resource, future in answers.items()
    }
