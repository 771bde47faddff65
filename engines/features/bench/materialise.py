"""Feast's own materialisation of the first view of a repository; prints its seconds.

materialise.py REPOSITORY START END
"""

import sys
import time
from datetime import datetime

from feast import FeatureStore

store = FeatureStore(repo_path=sys.argv[1])
started = time.perf_counter()
store.materialize(datetime.fromisoformat(sys.argv[2]), datetime.fromisoformat(sys.argv[3]), ["view_0"])
print(time.perf_counter() - started)
