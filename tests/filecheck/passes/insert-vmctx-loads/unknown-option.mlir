// RUN: not wasm-opt-py %s -p 'insert-vmctx-loads{bound=guard}' 2>&1 | filecheck %s --check-prefix NAME
// RUN: not wasm-opt-py %s -p 'insert-vmctx-loads{bounds=none}' 2>&1 | filecheck %s --check-prefix VALUE

// NAME: error: pass 'insert-vmctx-loads' has no option 'bound'; did you mean 'bounds'?
// VALUE: error: pass 'insert-vmctx-loads': Incompatible types: given ('none',), expected
builtin.module {
}
