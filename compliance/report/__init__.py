"""Reports: the model that a template may see, and one file per output."""
