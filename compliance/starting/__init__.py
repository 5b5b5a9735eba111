"""What ``compliance init`` does: looks at a repository and proposes a configuration for it."""
