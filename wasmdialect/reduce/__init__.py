"""Shrinking a module while a command fails on it: delta debugging on the parts of `wasm.Module`, from
functions down to instructions and bytes. Every module that is tried is valid."""
