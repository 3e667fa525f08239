"""What may lie in a state folder, and whether it is taken, mended or refused."""

from pathlib import Path

import pytest
import yaml

from contracts.errors import StateError
from runtime import overrides
from runtime.embedded import kafka, postgres
from runtime.settings import Kafka, Settings, load_settings
from runtime.supervisor import preflight


def broker_data(state: Path, *, whole: bool = True, records: bytes = b"") -> Path:
    data = state / "kafka" / "data"
    (data / "market.trades-0").mkdir(parents=True)
    (data / "market.trades-0" / "00000000000000000000.log").write_bytes(records)
    if whole:
        (data / "__cluster_metadata-0").mkdir()
        (data / "meta.properties").write_text("version=1\ncluster.id=abc\n")
    return data


def settings(state: Path, **sections: object) -> Settings:
    return Settings(state_dir=state, config_dir=state, **sections)  # type: ignore[arg-type]


def test_a_whole_broker_folder_is_sound(tmp_path: Path) -> None:
    data = broker_data(tmp_path, records=b"r")
    assert kafka.is_sound(data)
    kafka.check(data)
    assert kafka.records_in(data) == ["market.trades-0"]


def test_a_formatted_folder_that_never_ran_is_sound(tmp_path: Path) -> None:
    (tmp_path / "meta.properties").write_text("cluster.id=abc\n")
    assert not kafka.is_sound(tmp_path)
    (tmp_path / "bootstrap.checkpoint").touch()
    assert kafka.is_sound(tmp_path)


def test_a_broken_broker_folder_without_records_may_be_made_anew(tmp_path: Path) -> None:
    data = broker_data(tmp_path, whole=False)
    assert not kafka.is_sound(data)
    kafka.check(data)


def test_a_broken_broker_folder_with_records_is_refused(tmp_path: Path) -> None:
    data = broker_data(tmp_path, whole=False, records=b"r")
    with pytest.raises(StateError, match=r"market.trades-0.*backup"):
        kafka.check(data)


def test_the_broker_s_own_topics_are_not_records(tmp_path: Path) -> None:
    own = tmp_path / "__consumer_offsets-0"
    own.mkdir()
    (own / "0.log").write_bytes(b"r")
    assert kafka.records_in(tmp_path) == []
    assert kafka.records_in(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({}, "not a whole PostgreSQL data folder"),
        ({"PG_VERSION": "18"}, "not a whole PostgreSQL data folder"),
        ({"PG_VERSION": "16", "global/pg_control": ""}, "made by PostgreSQL 16"),
    ],
)
def test_a_database_folder_that_cannot_be_used_is_refused(tmp_path: Path, files: dict[str, str], problem: str) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    with pytest.raises(StateError, match=problem):
        postgres.check(tmp_path)


def test_places_remembered_in_topics_that_are_gone_are_refused(tmp_path: Path) -> None:
    preflight.check(settings(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(StateError, match=r"move .* away to start afresh"):
        preflight.check(settings(tmp_path))
    preflight.check(settings(tmp_path, kafka=Kafka(bootstrap_servers="outside:9092")))
    broker_data(tmp_path)
    preflight.check(settings(tmp_path))


def test_what_the_command_line_changes_stands_in_a_copy_of_the_settings(tmp_path: Path) -> None:
    config, state = tmp_path / "config", tmp_path / "state"
    config.mkdir()
    (config / "api_config.yaml").write_text(yaml.safe_dump({"simulator": {"seed": 1, "books_per_s": 2.0}}))
    (config / "kafka_config.yaml").write_text(yaml.safe_dump({"embedded_port": 29_092}))
    environment = {"OPTIONSAI_CONFIG_DIR": str(config), "OPTIONSAI_STATE_DIR": str(state)}
    before = load_settings(environment)
    folder = overrides.apply(before, {"seed": 7, "option_quotes_per_s": None})
    after = load_settings(environment | {"OPTIONSAI_CONFIG_DIR": str(folder)})
    assert (after.api.simulator.seed, after.api.simulator.books_per_s) == (7, 2.0)
    assert after.kafka.embedded_port == 29_092
    assert load_settings(environment) == before


def test_without_changes_the_settings_stay_where_they_are(tmp_path: Path) -> None:
    plain = settings(tmp_path)
    assert overrides.apply(plain, {"seed": None}) == plain.config_dir


def test_changes_need_no_settings_file(tmp_path: Path) -> None:
    plain = settings(tmp_path / "state")
    folder = overrides.apply(plain, {"option_quotes_per_s": 3000.0})
    changed = load_settings({"OPTIONSAI_CONFIG_DIR": str(folder)})
    assert changed.api.simulator.option_quotes_per_s == 3000.0
