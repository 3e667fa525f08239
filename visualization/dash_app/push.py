"""The WebSocket that keeps tables moving: the rows that changed, at most ten times a second.

A session compares what a browser should show with what it was last sent, so a slow browser gets the newest state a
little later, and nothing ever waits in a queue for it.
"""

import asyncio
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec
from fastapi import WebSocket, WebSocketDisconnect
from msgspec import Meta, Struct

from visualization.dash_app import screens
from visualization.dash_app.hub import Hub

EVERY_S: Final = 0.1
MAX_SESSIONS: Final = 100
TRY_AGAIN_LATER: Final = 1013
FORBIDDEN: Final = 1008


class Watch(Struct, frozen=True, forbid_unknown_fields=True):
    """What a browser looks at; it says so whenever that changes."""

    symbol: Annotated[str, Meta(max_length=32)] = ""
    expires_at: Annotated[int, Meta(ge=0)] = 0
    changes_only: bool = True


class Session:
    """What one browser was sent."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.watch = Watch()
        self._sent: dict[str, screens.Rows] = {}
        self._labels: dict[str, str | bool] = {}

    def news(self) -> dict[str, Any]:
        """What changed since the last time: grids (all row keys if their order changed, and changed rows), labels."""
        grids = {name: change for name, rows in self._grids().items() if (change := self._change(name, rows))}
        labels = self._current_labels()
        changed = {name: label for name, label in labels.items() if self._labels.get(name) != label}
        self._labels = labels
        return {kind: found for kind, found in (("grids", grids), ("labels", changed)) if found}

    def _grids(self) -> dict[str, screens.Rows]:
        view, now, watch = self._hub.view, self._hub.now(), self.watch
        return {
            "prices": screens.prices(view, now),
            "chain": screens.chain(view, watch.symbol, watch.expires_at, now),
            "signals": screens.signals(view.signals(screens.SIGNAL_ROWS, changes_only=watch.changes_only)),
            "streams": screens.streams(self._hub.flows, now),
            "services": self._hub.service_rows(),
        }

    def _current_labels(self) -> dict[str, str | bool]:
        return {
            "simulated": self._hub.view.simulated,
            "chain-caption": screens.chain_caption(self._hub.view, self.watch.symbol, self.watch.expires_at),
        }

    def _change(self, name: str, rows: screens.Rows) -> dict[str, Any] | None:
        before = self._sent.get(name, {})
        self._sent[name] = rows
        changed = {key: cells for key, cells in rows.items() if before.get(key) != cells}
        if list(rows) != list(before):
            return {"order": list(rows), "rows": changed}
        return {"rows": changed} if changed else None


class Pusher:
    """All sessions."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.sessions = 0

    async def serve(self, socket: WebSocket) -> None:
        """One browser, until it leaves."""
        if not _same_origin(socket):
            await socket.close(FORBIDDEN, "another site's page may not read this")
            return
        if self.sessions >= MAX_SESSIONS:
            await socket.close(TRY_AGAIN_LATER, "too many browsers")
            return
        self.sessions += 1
        session = Session(self._hub)
        await socket.accept()
        listening = asyncio.create_task(_listen(socket, session))
        try:
            while not listening.done():
                if news := session.news():
                    await socket.send_text(msgspec.json.encode(news).decode())
                await asyncio.sleep(EVERY_S)
            listening.result()
        except (WebSocketDisconnect, RuntimeError, msgspec.MsgspecError):
            # The browser has left, in the middle of a message or with one that is none.
            return
        finally:
            listening.cancel()
            self.sessions -= 1


async def _listen(socket: WebSocket, session: Session) -> None:
    while True:
        session.watch = msgspec.json.decode(await socket.receive_text(), type=Watch)


def _same_origin(socket: WebSocket) -> bool:
    """Browsers say which site's page opens a WebSocket; programs that are no browsers need not."""
    origin = socket.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == socket.headers.get("host")
