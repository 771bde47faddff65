"""Compares two of Feast's file registries of one repository, and prints what Feast lists of the second one."""

import json
import sys
from pathlib import Path

from feast import FeatureStore, RepoConfig

repository, theirs, ours = sys.argv[1:4]


def store(registry: str) -> FeatureStore:
    config = RepoConfig(
        project="p",
        provider="local",
        registry={"registry_type": "sql", "path": registry} if "://" in registry else str(Path(repository) / registry),
        online_store={"type": "sqlite", "path": str(Path(repository) / "online.db")},
        offline_store={"type": "file"},
        entity_key_serialization_version=3,
    )
    return FeatureStore(config=config, repo_path=repository)


def path_of(source):
    """Relative paths begin at the repository."""
    if source is not None and hasattr(source, "path"):
        source.file_options.uri = str(Path(repository) / source.path)
    elif source is not None:
        path_of(source.batch_source)
    return source


def sources_of(view):
    path_of(view.batch_source)
    path_of(view.stream_source)
    return view


def projections_of(service):
    protos = [projection.to_proto() for projection in service.feature_view_projections]
    for proto in protos:
        # Compared with the views.
        proto.ClearField("batch_source")
    return [str(proto) for proto in protos]


def by_name(things):
    return {thing.name: thing for thing in things}


expected, written = store(theirs), store(ours)
differences = []
for kind, prepare in [
    ("list_entities", lambda entity: entity),
    ("list_feature_views", sources_of),
    ("list_feature_services", lambda service: service),
    ("list_data_sources", path_of),
]:
    a, b = by_name(getattr(expected, kind)()), by_name(getattr(written, kind)())
    if a.keys() != b.keys():
        differences.append([kind, sorted(a), sorted(b)])
    for name in a.keys() & b.keys():
        left, right = prepare(a[name]), prepare(b[name])
        if kind == "list_feature_services":
            left, right = projections_of(left), projections_of(right)
        if left != right:
            differences.append([kind, name, str(left), str(right)])
print(json.dumps({"differences": differences, "views": sorted(by_name(written.list_feature_views()))}))
