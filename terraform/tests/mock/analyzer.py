"""IAM Access Analyzer, which moto has not at all."""

import json
import re
from typing import Any
from urllib.parse import unquote

from werkzeug.wrappers import Request, Response

CREDENTIAL = re.compile(r"Credential=[^/]+/\d+/([a-z0-9-]+)/access-analyzer/")


class Analyzer:
    """Answers for the analyzer, passes everything else on."""

    def __init__(self, others: Any) -> None:
        self.others = others
        self.analyzers: dict[tuple[str, str], dict[str, Any]] = {}

    def __call__(self, environ: Any, start: Any) -> Any:
        found = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        if not found:
            return self.others(environ, start)
        return self.answer(Request(environ), found[1])(environ, start)

    def answer(self, request: Request, region: str) -> Response:
        parts = [unquote(part) for part in request.path.split("/") if part]
        if parts[0] == "tags":
            return reply({"tags": next((one["tags"] for one in self.analyzers.values() if one["arn"] == parts[1]), {})})
        if request.method == "PUT":
            sent = request.get_json()
            arn = f"arn:aws:access-analyzer:{region}:123456789012:analyzer/{sent['analyzerName']}"
            self.analyzers[region, sent["analyzerName"]] = {
                "arn": arn,
                "name": sent["analyzerName"],
                "type": sent["type"],
                "createdAt": "2026-01-01T00:00:00Z",
                "tags": sent.get("tags", {}),
                "status": "ACTIVE",
            }
            return reply({"arn": arn})
        found = self.analyzers.get((region, parts[1]))
        if not found:
            return reply({"message": "not found", "resourceId": parts[1], "resourceType": "ANALYZER"}, 404)
        if request.method == "DELETE":
            del self.analyzers[region, parts[1]]
            return reply({})
        return reply({"analyzer": found})


def reply(content: dict[str, Any], status: int = 200) -> Response:
    headers = {"x-amzn-errortype": "ResourceNotFoundException"} if status == 404 else {}
    return Response(json.dumps(content), status, headers, content_type="application/json")
