"""How an operation is added to one of moto's services."""

import json
import threading
from collections import defaultdict
from typing import Any, Callable

from moto.core.responses import BaseResponse

Handler = Callable[[Any], Any]

busy = threading.Lock()


class OneAtATime:
    """moto keeps its state in plain dictionaries, and Terraform asks forty things at once."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: Any, start: Any) -> Any:
        with busy:
            return self.application(environ, start)


def add(response: type[BaseResponse], **operations: Handler) -> None:
    """Operations by their name in snake case; each takes the response object and returns what is answered."""
    for name, operation in operations.items():
        setattr(response, name, operation)


def path(urls: Any, dispatch: Any, *paths: str) -> None:
    """Further paths of a service that is addressed by them."""
    for one in paths:
        urls.url_paths[f"{{0}}{one}"] = dispatch


def body(response: BaseResponse) -> dict[str, Any]:
    """The JSON that was sent."""
    return json.loads(response.body) if response.body else {}


def kept() -> defaultdict[tuple[str, str], dict[str, Any]]:
    """What a service keeps, by account and region."""
    return defaultdict(dict)


def where(response: BaseResponse) -> tuple[str, str]:
    return response.current_account, response.region


def not_found(kind: str, message: str = "not found") -> tuple[int, dict[str, Any], str]:
    """An error of a service that speaks JSON."""
    headers = {"status": 404, "x-amzn-errortype": kind, "content-type": "application/json"}
    return 404, headers, json.dumps({"__type": kind, "message": message})
