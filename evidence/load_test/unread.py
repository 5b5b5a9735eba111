"""Load test results that are not read in their own form: what to let the tool write in its place."""

from __future__ import annotations

from compliance.kind import Unread

K6_POINTS = Unread(
    title="the single measurements of k6 (--out json)",
    marks=('"type":"Metric"', '"metric":', '"data":'),
    instead="the summary of the run: k6 run --summary-export FILE",
)
LOCUST_JSON = Unread(
    title="Locust's JSON statistics",
    marks=('"num_none_requests"', '"num_requests"', '"response_times"'),
    instead="its CSV: locust --csv PREFIX",
)
GATLING = Unread(
    title="Gatling's statistics",
    marks=('"numberOfRequests"', '"percentiles1"'),
    instead="the figures as a load summary (docs/records.md): compliance/load-summary/v1",
)
