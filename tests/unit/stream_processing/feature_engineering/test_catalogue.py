"""The catalogue against the events that carry its features."""

from msgspec.structs import fields

from contracts.events import GreeksComputed, MicrostructureComputed
from contracts.topics import BY_NAME
from stream_processing.feature_engineering.catalogue import CATALOGUE, OF_BARS, OF_BOOKS, OF_QUOTES
from stream_processing.feature_engineering.microstructure import MICROSTRUCTURE


def test_names_are_unique_within_a_group_and_every_row_is_told() -> None:
    for group in CATALOGUE:
        names = [feature.name for feature in group.features]
        assert len(set(names)) == len(names)
        for feature in group.features:
            assert all((feature.meaning, feature.unit, feature.window, feature.source, feature.horizons))
            assert feature.warm_up >= 0


def test_groups_are_published_on_topics_that_exist() -> None:
    assert {group.topic for group in CATALOGUE if group.topic} <= BY_NAME.keys()


def test_features_of_books_and_quotes_are_fields_of_their_events() -> None:
    assert {feature.name for feature in OF_BOOKS} == set(MICROSTRUCTURE.outputs)
    assert {feature.name for feature in OF_BOOKS} < {field.name for field in fields(MicrostructureComputed)}
    assert {feature.name for feature in OF_QUOTES} < {field.name for field in fields(GreeksComputed)}


def test_what_bars_say_is_made_of_bars() -> None:
    assert {feature.source for feature in OF_BARS} == {"BarClosed"}
