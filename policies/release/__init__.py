"""Release readiness: the release was tried where it will run, it performed, and the people who must decide have decided."""

from compliance.gate import Framework

FRAMEWORK = Framework(
    id="release",
    title="Release readiness",
    principles=("Deployment", "Performance", "People", "Truth"),
    order=3,
)
