"""From the spool to alerts: ingest, evaluate, alert; used alike by `soc collect` and a hub."""

from soc.pipeline.pipeline import Pipeline, PipelineSummary

__all__ = ["Pipeline", "PipelineSummary"]
