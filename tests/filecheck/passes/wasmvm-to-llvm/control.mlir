// RUN: wasm-opt-py %s -p wasmvm-to-llvm | filecheck %s
// BLESS

// Blocks keep their arguments; a branch on a comparison takes its i1; unreachable blocks go.

// CHECK-LABEL: llvm.func hidden @branches
// CHECK-NEXT:    %4 = llvm.icmp "slt" %2, %2 : i32
// CHECK-NEXT:    llvm.cond_br %4, ^bb1(%3 : i64), ^bb2
// CHECK-NEXT:  ^bb1(%5: i64):
// CHECK-NEXT:    llvm.return %5 : i64
// CHECK-NEXT:  ^bb2:
// CHECK-NEXT:    %6 = llvm.mlir.constant(0 : i32) : i32
// CHECK-NEXT:    %7 = llvm.icmp "ne" %2, %6 : i32
// CHECK-NEXT:    llvm.cond_br %7, ^bb1(%3 : i64), ^bb3
// CHECK-NEXT:  ^bb3:
// CHECK-NEXT:    llvm_ext.switch %2, [^bb1(%3 : i64), ^bb2], ^bb3
// CHECK-NEXT:  }
wasmvm.func wasm @branches(%x: i32, %y: i64) -> i64 {
  %0 = wasmir.i32.lt_s %x, %x
  wasmir.br_if %0, ^then(%y : i64), ^else
^then(%a: i64):
  wasmir.return %a : i64
^dead:
  wasmir.br ^else
^else:
  wasmir.br_if %x, ^then(%y : i64), ^table
^table:
  wasmir.br_table %x, [^then(%y : i64), ^else], ^table
}

// CHECK-LABEL: llvm.func hidden @selects
// CHECK-NEXT:    %13 = llvm.mlir.constant(0 : i32) : i32
// CHECK-NEXT:    %14 = llvm.icmp "eq" %10, %13 : i32
// CHECK-NEXT:    %15 = llvm.zext %14 : i1 to i32
// CHECK-NEXT:    %16 = llvm.select %14, %11, %12 : i1, i64
// CHECK-NEXT:    %17 = llvm.mlir.undef : !llvm.struct<(i64, i32)>
// CHECK-NEXT:    %18 = llvm.insertvalue %16, %17[0] : !llvm.struct<(i64, i32)>
// CHECK-NEXT:    %19 = llvm.insertvalue %15, %18[1] : !llvm.struct<(i64, i32)>
// CHECK-NEXT:    llvm.return %19 : !llvm.struct<(i64, i32)>
// CHECK-NEXT:  }
wasmvm.func wasm @selects(%x: i32, %y: i64, %z: i64) -> (i64, i32) {
  %0 = wasmir.i32.eqz %x
  %1 = wasmir.select %0, %y, %z : i64
  wasmir.return %1, %0 : i64, i32
}
