"""Delivery pipeline: which jobs there are, which of its gates cannot fail, and what stands before production.

A workflow file is read, never run. Two judgements are drawn from it: the steps that look like a gate but cannot stop anything
(``neutralised``), and the jobs and steps that publish or deploy (``deploys``), with the events that reach them and the decision
before them.
"""

from __future__ import annotations

from compliance.kind import Kind
from compliance.subject import Binding

from .payload import Pipeline

KIND = Kind(id="pipeline", title="Delivery pipeline", binds_to=Binding.COMMIT, payload=Pipeline)
