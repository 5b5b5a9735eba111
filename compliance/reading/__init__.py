"""How files are read: text forms (JSON, XML, YAML), archives, recognition by content, and formats that a project maps itself."""
