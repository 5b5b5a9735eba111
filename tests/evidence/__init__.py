"""Tests of the kinds of evidence; one file per kind and format."""
