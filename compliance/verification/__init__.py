"""What can be proven of a report, its files, a store and its past; offline."""
