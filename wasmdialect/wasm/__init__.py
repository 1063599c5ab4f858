"""The WebAssembly format: types, the instruction table, decoding, validation, encoding, text."""
