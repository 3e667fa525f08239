import msgspec

from data_ingestion.api_clients.polygon_settings import PolygonFeed
from runtime.settings import Polygon


def test_the_settings_section_has_exactly_what_the_client_takes() -> None:
    section = Polygon(dividend_yields={"SPY": 0.013})
    assert msgspec.structs.asdict(PolygonFeed(**msgspec.structs.asdict(section))) == msgspec.structs.asdict(section)
