"""Questions to a service whether it does its work."""

from http.client import HTTPConnection, HTTPException

READY_PATH = "/ready"
TIMEOUT_S = 2.0
OK = 200


def http_probe(host: str, port: int) -> str | None:
    """None when `/ready` answers 200, else what is missing. Talks to the port itself: proxies play no part."""
    connection = HTTPConnection(host, port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", READY_PATH)
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return f"no answer on port {port} ({type(error).__name__})"
    finally:
        connection.close()
    return None if status == OK else f"still starting (its port {port} answers {status})"
