"""Feature rows for training, streamed from a real server."""

from contracts.events import Event
from storage.timescaledb_client import feature_rows as module
from storage.timescaledb_client.feature_rows import feature_rows
from storage.timescaledb_client.rows import PACKERS
from storage.timescaledb_client.schema import table_of
from storage.timescaledb_client.store import Slice, Store
from tests.integration.storage.database import Database
from tests.unit.models.market import SECOND, bar, micro
from tests.unit.storage.market import BEGAN, KEPT, trade


def test_features_come_back_exactly_from_a_moment_on(database: Database) -> None:
    events: list[Event] = [micro(BEGAN + i * SECOND, imbalance=i / 30_000) for i in range(module.BATCH_ROWS + 5)]
    events += [bar(BEGAN + i * 60 * SECOND, 100.0 + i) for i in range(10)]
    events.append(bar(BEGAN + 3_600 * SECOND, interval_s=3_600))
    made = Slice()
    for event in (*events, trade(1)):
        made.add(table_of(event).name, event.event_time, PACKERS[type(event)].to_row(event))
    store = Store.open(database.dsn, KEPT)
    store.write(made, ())
    store.close()
    since = BEGAN + 100 * SECOND
    found = {event.event_id: event for event in feature_rows(database.dsn, since)}
    assert found == {event.event_id: event for event in events if event.event_time >= since}
