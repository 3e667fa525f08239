"""Settings: read once, frozen, and every mistake named with file, key and remedy."""

from pathlib import Path

import pytest

from contracts.errors import ConfigError
from runtime.settings import REPOSITORY, SECTIONS, Settings, load_settings, secret


def load(folder: Path, **files: str) -> Settings:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return load_settings({"OPTIONSAI_CONFIG_DIR": str(folder), "OPTIONSAI_STATE_DIR": str(folder / "state")})


def test_without_files_the_defaults_hold(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.api.source == "simulator"
    assert settings.kafka.bootstrap_servers is None
    assert settings.state_dir == tmp_path / "state"


def test_values_are_taken_from_their_file(tmp_path: Path) -> None:
    settings = load(tmp_path, api_config="simulator: {seed: 7}", kafka_config="bootstrap_servers: broker:9092")
    assert settings.api.simulator.seed == 7
    assert settings.kafka.bootstrap_servers == "broker:9092"


@pytest.mark.parametrize(
    ("file", "text", "key"),
    [
        ("kafka_config", "bootstrap: x", "bootstrap"),
        ("api_config", "simulator: {sed: 7}", "sed"),
        ("api_config", "simulator: {seed: seven}", "simulator.seed"),
        ("api_config", "source: bloomberg", "source"),
        ("serving_config", "dash_port: 70000", "dash_port"),
        ("model_config", "engine: {act_above: 1.5}", "engine.act_above"),
        ("database_config", "host: [", "syntax"),
        ("api_config", "- 1", "top level"),
        ("kafak_config", "{}", "file name"),
    ],
)
def test_a_mistake_is_named_with_file_key_and_remedy(tmp_path: Path, file: str, text: str, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, **{file: text})
    assert f"{file}.yaml" in caught.value.where
    assert key in f"{caught.value.key} {caught.value.problem}"
    assert caught.value.remedy


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    with pytest.raises(AttributeError):
        load(tmp_path).api = None  # type: ignore[misc, assignment]


def test_a_secret_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("from-file\n")
    assert secret("KEY", {"KEY": "from-environment"}, "x") == "from-environment"
    assert secret("KEY", {"KEY": "from-environment", "KEY_FILE": str(file)}, "x") == "from-file"
    with pytest.raises(ConfigError, match="KEY: missing, needed for x"):
        secret("KEY", {}, "x")
    with pytest.raises(ConfigError, match="KEY_FILE"):
        secret("KEY", {"KEY_FILE": str(tmp_path / "absent")}, "x")


def test_the_shipped_examples_are_complete_and_change_nothing(tmp_path: Path) -> None:
    defaults = load(tmp_path)
    for name in SECTIONS:
        text = (REPOSITORY / "config" / f"{name}_config.example.yaml").read_text()
        (tmp_path / f"{name}_config.yaml").write_text(text)
    assert load(tmp_path) == defaults


def test_only_settings_that_shape_a_signal_change_its_identity(tmp_path: Path) -> None:
    plain = load(tmp_path).identity()
    assert load(tmp_path, serving_config="dash_port: 9000").identity() == plain
    assert load(tmp_path, model_config="engine: {act_above: 0.6}").identity() != plain
