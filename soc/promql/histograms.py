"""Quantiles of classic histograms: cumulative buckets with an upper bound each in the label `le`.

https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile
"""

from __future__ import annotations

from soc.promql.labels import drop, get
from soc.promql.plan import Plan, Scalar, Vector


def histogram_quantile(plan: Plan, rank: Scalar, buckets: Vector) -> Vector:
    """Estimate the quantile of each histogram by linear interpolation within the bucket it falls in.

    Without a bucket of bound +Inf, with fewer than two buckets or without observations: NaN. Counts
    that fall from one bucket to the next are raised to the earlier one.
    """
    bounds = plan.step(
        f"""
        SELECT t, name, labels, le, sum(value) AS counted
        FROM (
            SELECT t, name, {drop(plan, "source", ("le",))} AS labels, value,
                   TRY_CAST({get(plan, "source", "le")} AS DOUBLE) AS le
            FROM {buckets.relation} AS source
        )
        WHERE le IS NOT NULL AND NOT isnan(le)
        GROUP BY t, name, labels, le
        """
    )
    ranked = plan.step(
        f"""
        SELECT bounds.t, bounds.name, bounds.labels, le, {rank.sql} AS rank,
               max(counted) OVER (histogram ORDER BY le) AS cumulative,
               max(counted) OVER histogram AS observations,
               max(le) OVER histogram AS highest, min(le) OVER histogram AS lowest,
               count(*) OVER histogram AS bucket_count
        FROM (SELECT * FROM {bounds}) AS bounds{rank.joins()}
        WINDOW histogram AS (PARTITION BY bounds.t, bounds.name, bounds.labels)
        """
    )
    relation = plan.step(
        f"""
        SELECT t, '' AS name, labels,
            CASE
                WHEN isnan(any_value(rank)) THEN 'nan'::DOUBLE
                WHEN any_value(rank) < 0 THEN '-inf'::DOUBLE
                WHEN any_value(rank) > 1 THEN 'inf'::DOUBLE
                WHEN any_value(highest) <> 'inf'::DOUBLE OR any_value(bucket_count) < 2
                     OR any_value(observations) = 0 OR isnan(any_value(observations)) THEN 'nan'::DOUBLE
                ELSE arg_min(estimate, le) FILTER (WHERE cumulative >= rank * observations)
            END AS value
        FROM (
            SELECT *,
                CASE
                    WHEN isinf(le) AND le > 0 THEN lower
                    WHEN le = lowest AND le <= 0 THEN le
                    WHEN cumulative = below THEN lower
                    ELSE coalesce(lower, 0.0)
                         + (le - coalesce(lower, 0.0)) * (rank * observations - below) / (cumulative - below)
                END AS estimate
            FROM (
                SELECT *, lag(le) OVER histogram AS lower,
                       coalesce(lag(cumulative) OVER histogram, 0.0) AS below
                FROM {ranked}
                WINDOW histogram AS (PARTITION BY t, name, labels ORDER BY le)
            )
        )
        GROUP BY t, name, labels
        """
    )
    result = Vector(relation, one_name=True)
    return result if buckets.one_name else plan.unique(result)
