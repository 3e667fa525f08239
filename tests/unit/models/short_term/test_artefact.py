import msgspec
import pytest

from contracts.errors import StateError
from models.short_term.artefact import dump, load, seal
from models.short_term.order_flow import FEATURES
from runtime.settings import REPOSITORY, Model
from tests.unit.models.artefacts import artefact


def test_an_artefact_survives_its_file_bit_for_bit() -> None:
    data = dump(artefact())
    loaded = load(data, where="file", features=FEATURES)
    assert loaded == artefact()
    assert dump(loaded) == data


def test_the_version_follows_the_content_and_says_when_it_was_simulated() -> None:
    changed = seal(msgspec.structs.replace(artefact(), calibration=0.9))
    assert changed.version != artefact().version
    assert artefact().version.startswith("sim-")
    assert not artefact(simulated=False).version.startswith("sim-")


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"{", "is not a model artefact"),
        (b"{}", "is not a model artefact"),
        (dump(artefact()).replace(b'"calibration": 0.95', b'"calibration": 1.5'), "changed after training"),
        (dump(artefact()).replace(b'"horizon_s": 10', b'"horizon_s": 10, "note": 1'), "is not a model artefact"),
        (dump(seal(msgspec.structs.replace(artefact(), features=("spread",)))), "trained on the features spread"),
        (dump(seal(msgspec.structs.replace(artefact(), weights=(1.0,)))), "one weight for each feature"),
    ],
)
def test_a_damaged_or_foreign_file_is_refused_with_the_remedy(data: bytes, complaint: str) -> None:
    with pytest.raises(StateError, match=complaint) as caught:
        load(data, where="models/x.json", features=FEATURES)
    assert "models/x.json" in str(caught.value)
    assert "python -m models.train_all" in str(caught.value)


def test_the_shipped_artefact_loads_says_what_it_is_and_beats_a_coin() -> None:
    shipped = load((REPOSITORY / Model().short_term_artefact).read_bytes(), where="shipped", features=FEATURES)
    assert shipped.trained_on.simulated
    assert "simulated" in shipped.trained_on.description
    assert "seed" in shipped.trained_on.description
    scores, attainable = shipped.metrics.model, shipped.metrics.attainable
    assert attainable is not None
    assert 0.55 < scores.auc < attainable.auc
    assert attainable.brier < scores.brier < 0.2475
    assert shipped.metrics.expected_calibration_error < 0.02
