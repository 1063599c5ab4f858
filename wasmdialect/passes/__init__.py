"""Passes: one file each, named after the pass; `registry` finds them, `pipeline` runs them."""
