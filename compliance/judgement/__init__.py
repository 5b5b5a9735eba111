"""From evidence to an assessment, and what can be asked of one: differences, forecasts, histories, needs."""
