"""Gates: one folder per framework, one module per principle, one function per gate."""
