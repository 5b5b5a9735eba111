"""What git knows of the project: its checkout, its working tree, and other revisions."""
