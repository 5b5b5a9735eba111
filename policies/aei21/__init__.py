"""AEI21 governance: people's data is protected, what happened can be proved, what broke can be restored, and operators know how."""

from compliance.gate import Framework

FRAMEWORK = Framework(
    id="aei21",
    title="AEI21 governance",
    principles=("Privacy", "Audit trails", "Disaster recovery", "Operational excellence"),
    order=2,
)
