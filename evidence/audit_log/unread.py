"""Logs that are not read in their own form: what to give in their place."""

from __future__ import annotations

from compliance.kind import Unread

LAUREL = Unread(
    title="Laurel's JSON form of the Linux audit log",
    marks=('"ID":"', '"SYSCALL":{'),
    instead="the log that auditd itself writes (/var/log/audit/audit.log)",
)
DIGEST = Unread(
    title="a digest file of CloudTrail",
    marks=("digestS3Object", "digestStartTime", "logFiles"),
    instead="the log files that it lists; aws cloudtrail validate-logs compares the two",
)
LAKE = Unread(
    title="the answer of a query to CloudTrail Lake",
    marks=("QueryStatus", "QueryResultRows"),
    instead="the events themselves: CloudTrail's log files, or aws cloudtrail lookup-events",
)
