"""Settings given on the command line for one run.

Every process reads the YAML files by itself, so what `up` is told must stand in files too: the run gets a copy of the
settings folder in its state folder, with those values changed.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from runtime.settings import Settings

FOLDER = "config"


def apply(settings: Settings, simulator: Mapping[str, Any]) -> Path:
    """The settings folder of this run, with these keys of `api.simulator` changed; without any, the folder as it is."""
    changed = {key: value for key, value in simulator.items() if value is not None}
    if not changed:
        return settings.config_dir
    target = settings.state_dir / FOLDER
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for path in sorted(settings.config_dir.glob("*_config.yaml")):
        shutil.copy(path, target)
    api = target / "api_config.yaml"
    content: dict[str, Any] = (yaml.safe_load(api.read_text()) if api.exists() else None) or {}
    content["simulator"] = (content.get("simulator") or {}) | changed
    api.write_text(yaml.safe_dump(content))
    return target
