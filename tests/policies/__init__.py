"""Tests of the gates, one file per principle."""
