"""ALPHA-CODENAME v1.8: what is released is finished, secure, planned and observable."""

from compliance.gate import Framework

FRAMEWORK = Framework(
    id="alpha",
    title="ALPHA v1.8",
    principles=("Production-first", "Security foundation", "Parallelised execution", "Insight-driven"),
    order=1,
)
