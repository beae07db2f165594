"""How far plans and measures have come, as a frame with one row a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policytrack import v1
from policytrack.connection import Connection
from policytrack.errors import InvalidArgument
from policytrack.read import OBSERVATION_STATUSES, Words, require_pandas

if TYPE_CHECKING:
    import pandas
    from google.protobuf.timestamp_pb2 import Timestamp

PROGRESS_STATUSES = Words(v1.ProgressStatus, "PROGRESS_STATUS_")
RELATIONS = Words(v1.TargetRelation, "TARGET_RELATION_")

#: Columns with their types, by the names of the contract; those of a point have its name in front.
COLUMNS = {
    "measure": object, "target": object, "display_name": object, "status": object, "reason": object,
    "score": "float64", "ratio": "float64", "period": object, "latest_value": "float64", "latest_revision": "Int64",
    "latest_time": "datetime64[ns, UTC]", "latest_status": object, "series_break": bool,
    "expected_value": "float64", "projected_value": "float64", "required_pace": "float64",
    "baseline_period": object, "baseline_value": "float64", "final_period": object, "final_value": "float64",
    "final_upper_value": "float64", "relation": object, "unit": object, "unit_multiplier": "int64", "stale": bool,
}


def read_progress(connection: Connection, name: str, *, period: str, as_of: v1.AsOf | None,
                  at_least_revision: int, unit: str, unit_multiplier: int) -> v1.PlanProgress | v1.MeasureProgress:
    if name.startswith("measures/"):
        return connection.unary("ProgressService/GetMeasureProgress", v1.GetMeasureProgressRequest(
            name=name, period=period, as_of=as_of, at_least_revision=at_least_revision, unit=unit,
            unit_multiplier=unit_multiplier), v1.MeasureProgress)
    if not name.startswith("plans/"):
        raise InvalidArgument(f"`{name}` is not a name such as plans/x or measures/x", reason="NAME_INVALID",
                              metadata={"field": "name"})
    if period:
        raise ValueError("period is for measures; the targets of a plan may have several frequencies")
    return connection.unary("ProgressService/GetPlanProgress", v1.GetPlanProgressRequest(
        name=name, as_of=as_of, at_least_revision=at_least_revision, unit=unit,
        unit_multiplier=unit_multiplier), v1.PlanProgress)


def progress_frame(progress: v1.PlanProgress | v1.MeasureProgress) -> pandas.DataFrame:
    """One row a target; what is not set is missing, and never 0. The roll-up is in `attrs`."""
    pandas = require_pandas()
    measures = progress.measures if isinstance(progress, v1.PlanProgress) else [progress]
    rows = [_row(measure.measure, target) for measure in measures for target in measure.targets]
    frame = pandas.DataFrame({name: pandas.Series([row[name] for row in rows], dtype=dtype)
                              for name, dtype in COLUMNS.items()})
    frame.attrs.update(
        name=progress.plan if isinstance(progress, v1.PlanProgress) else progress.measure,
        status=PROGRESS_STATUSES[progress.status], score=_optional(progress, "score"), revision=progress.revision,
        judged_target_count=progress.judged_target_count, target_count=progress.target_count,
        rollup_rule=progress.rollup_rule)
    return frame


def _row(measure: str, target: v1.TargetProgress) -> dict[str, Any]:
    has_value = target.HasField("latest_value")
    row: dict[str, Any] = {name: getattr(target, name) for name in (
        "target", "display_name", "reason", "period", "series_break", "unit", "unit_multiplier", "stale")}
    row |= {name: _optional(target, name) for name in (
        "score", "ratio", "latest_value", "expected_value", "projected_value", "required_pace")}
    return row | {
        "measure": measure,
        "status": PROGRESS_STATUSES[target.status],
        "latest_revision": target.latest_revision if has_value else None,
        "latest_time": _time(target.latest_time) if has_value else None,
        "latest_status": OBSERVATION_STATUSES[target.latest_status],
        "baseline_period": target.baseline.period,
        "baseline_value": _optional(target.baseline, "value"),
        "final_period": target.final_point.period,
        "final_value": _optional(target.final_point, "value"),
        "final_upper_value": _optional(target.final_point, "upper_value"),
        "relation": RELATIONS[target.relation],
    }


def _optional(message: v1.PlanProgress | v1.MeasureProgress | v1.TargetProgress | v1.TargetPoint,
              name: Any) -> float | None:
    return getattr(message, name) if message.HasField(name) else None


def _time(time: Timestamp) -> Any:
    return require_pandas().Timestamp(time.ToNanoseconds(), unit="ns", tz="UTC")
