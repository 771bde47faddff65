"""How an operation is added to one of moto's services."""

import json
import threading
from collections import OrderedDict, defaultdict
from typing import Any, Callable

from moto.core.responses import BaseResponse
from werkzeug.test import run_wsgi_app

Handler = Callable[[Any], Any]

busy = threading.Lock()
KEPT_ANSWERS = 2000


class OneAtATime:
    """moto keeps its state in plain dictionaries, and Terraform asks forty things at once: they wait for each other.

    A client that has lost its connection asks again under the same id; doing it again would fail (it is done already), so it
    gets the answer that it missed.
    """

    def __init__(self, application: Any) -> None:
        self.application = application
        self.answers: OrderedDict[str, tuple[list[bytes], str, Any]] = OrderedDict()

    def __call__(self, environ: Any, start: Any) -> Any:
        asked = environ.get("HTTP_AMZ_SDK_INVOCATION_ID")
        with busy:
            content, status, headers = self.answers.get(asked) or run_wsgi_app(self.application, environ, buffered=True)
            content = b"".join(content)
            if asked and not status.startswith("5"):
                self.answers[asked] = ([content], status, headers)
                if len(self.answers) > KEPT_ANSWERS:
                    self.answers.popitem(last=False)
        start(status, list(headers))
        return [content]


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
