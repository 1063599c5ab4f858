"""The contract between compiled code and its runtime, as data: this room does not import another."""
