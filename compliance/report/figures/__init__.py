"""The figures of a report: what each shows, from the evidence, and its picture."""
