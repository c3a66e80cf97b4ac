"""The sample company: a software vendor of invented names, at any size, with the planted truth."""

from workbench.sample.write import SampleSummary, write_sample

__all__ = ["SampleSummary", "write_sample"]
