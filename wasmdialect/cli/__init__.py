"""The commands: `wasm-opt-py` for looking and transforming, `wasmdialect` for everything else."""
