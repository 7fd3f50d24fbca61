"""soc: monitoring and security console for an infrastructure services tower."""

__version__ = "0.1.0"
