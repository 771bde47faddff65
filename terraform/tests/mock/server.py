"""A mock of AWS: moto's server, and beside it the operations that this platform's Terraform needs and moto lacks.

python server.py PORT

Each module below names what moto 5.2 does not have or does wrongly. Nothing here is a rule of its own: a resource is kept as
it was sent, and answered as AWS's interface is documented.
"""

import os
import sys

os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")

import account
import analyzer
import compute
import databases
import kubernetes
import storage
from operations import OneAtATime
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

for part in (account, compute, databases, kubernetes, storage):
    part.extend()


class KeepAlive(MotoRequestHandler):
    """Terraform reuses connections; one that the server has closed meanwhile would be an error."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if str(code).startswith("5"):
            super().log_request(code, size)


port = int(sys.argv[1])
application = OneAtATime(analyzer.Analyzer(DomainDispatcherApplication(create_backend_app)))
server = make_server("127.0.0.1", port, application, threaded=True, request_handler=KeepAlive)
print(f"mock of AWS at http://127.0.0.1:{port}", flush=True)
server.serve_forever()
