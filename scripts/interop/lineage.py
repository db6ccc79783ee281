"""Reads OpenLineage events with the classes of OpenLineage's own client.

    python lineage.py FILE      events as JSON, one on a line

An event that the classes do not take, or that they would write otherwise, is an
error: its line and the reason are printed, and the exit code is 1. Of each event
that they take a line with its type, job, datasets and facets is printed.
"""

import enum
import json
import sys
import types
import typing

import attr
from openlineage.client import event_v2, facet_v2
from openlineage.client.serde import Serde

# Where facets stand, and the classes of those that Sluice writes.
FACETS = {
    "parent": facet_v2.parent_run.ParentRunFacet,
    "processing_engine": facet_v2.processing_engine_run.ProcessingEngineRunFacet,
    "errorMessage": facet_v2.error_message_run.ErrorMessageRunFacet,
    "jobType": facet_v2.job_type_job.JobTypeJobFacet,
    "dataSource": facet_v2.datasource_dataset.DatasourceDatasetFacet,
    "schema": facet_v2.schema_dataset.SchemaDatasetFacet,
    "version": facet_v2.dataset_version_dataset.DatasetVersionDatasetFacet,
    "columnLineage": facet_v2.column_lineage_dataset.ColumnLineageDatasetFacet,
    "outputStatistics": facet_v2.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
}
FACET_KEYS = ("facets", "inputFacets", "outputFacets")


class Refused(Exception):
    """What of an event the classes do not take."""


def build(cls, value, path):
    """An instance of one of the client's classes, of what JSON has."""
    if not isinstance(value, dict):
        raise Refused(f"{path}: {value!r} is no object")
    hints = typing.get_type_hints(cls)
    known = {field.name: field for field in attr.fields(cls)}
    arguments = {}
    for name, inner in value.items():
        if name not in known:
            raise Refused(f"{path}: {cls.__name__} has no field {name}")
        if not known[name].init:
            continue  # set by the class itself; compared below
        where = f"{path}.{name}"
        if name in FACET_KEYS:
            arguments[name] = {key: facet(key, one, f"{where}.{key}") for key, one in inner.items()}
        else:
            arguments[known[name].alias] = convert(hints[name], inner, where)
    try:
        return cls(**arguments)
    except (TypeError, ValueError) as refusal:
        raise Refused(f"{path}: {cls.__name__}: {refusal}") from refusal


def facet(name, value, path):
    if name not in FACETS:
        raise Refused(f"{path}: a facet of another name")
    return build(FACETS[name], value, path)


def convert(hint, value, path):
    """A value of a field, which must be of the field's type."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        choices = [choice for choice in typing.get_args(hint) if choice is not type(None)]
        return convert(choices[0], value, path)
    if origin is list:
        (item,) = typing.get_args(hint)
        return [convert(item, one, f"{path}[{i}]") for i, one in enumerate(value)]
    if origin is dict:
        _, item = typing.get_args(hint)
        return {key: convert(item, one, f"{path}.{key}") for key, one in value.items()}
    if attr.has(hint):
        return build(hint, value, path)
    if issubclass(hint, enum.Enum):
        return hint(value)
    if not isinstance(value, hint) or isinstance(value, bool) != (hint is bool):
        raise Refused(f"{path}: {value!r} is not of type {hint.__name__}")
    return value


def lost(given, written, path):
    """Where what the class writes differs from what it was given."""
    if isinstance(given, dict) and isinstance(written, dict):
        for key, value in given.items():
            if key not in written:
                yield f"{path}.{key} is gone"
            else:
                yield from lost(value, written[key], f"{path}.{key}")
    elif isinstance(given, list) and isinstance(written, list) and len(given) == len(written):
        for i, value in enumerate(given):
            yield from lost(value, written[i], f"{path}[{i}]")
    elif given != written:
        yield f"{path} is {written!r}, was {given!r}"


def names(datasets):
    return " ".join(f"{d.namespace}|{d.name}({','.join(sorted(d.facets))})" for d in datasets)


def main(path):
    code = 0
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                given = json.loads(line)
                event = build(event_v2.RunEvent, given, "event")
                differences = list(lost(given, Serde.to_dict(event), "event"))
                if differences:
                    raise Refused("; ".join(differences))
            except (Refused, ValueError) as refusal:
                print(f"{path}:{number}: {refusal}")
                code = 1
                continue
            facets = ",".join(sorted(event.run.facets))
            print(f"{event.eventType.value} {event.job.name} run({facets}) in {names(event.inputs)} out {names(event.outputs)}".replace(" in  out ", "").strip())
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
