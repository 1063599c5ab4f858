// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Vector operations that xDSL's llvm dialect lacks, and those that processors have instructions for.

// CHECK-LABEL: llvm.func @lanes(
// CHECK-NEXT:    %0 = llvm_ext.extractelement %v[%i : i32] : vector<4xf32> -> f32
// CHECK-NEXT:    %1 = llvm_ext.fcmp "olt" %v, %w {note} : vector<4xf32> -> vector<4xi1>
// CHECK-NEXT:    %2 = llvm_ext.select %1, %v, %w : vector<4xi1>, vector<4xf32>
// CHECK-NEXT:    llvm.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "lanes"
// GENERIC-NEXT:  ^bb0(%v: vector<4xf32>, %w: vector<4xf32>, %i: i32):
// GENERIC-NEXT:    %0 = "llvm_ext.extractelement"(%v, %i) : (vector<4xf32>, i32) -> f32
// GENERIC-NEXT:    %1 = "llvm_ext.fcmp"(%v, %w) <{predicate = "olt"}> {note} : (vector<4xf32>, vector<4xf32>) -> vector<4xi1>
// GENERIC-NEXT:    %2 = "llvm_ext.select"(%1, %v, %w) : (vector<4xi1>, vector<4xf32>, vector<4xf32>) -> vector<4xf32>
// GENERIC-NEXT:    "llvm.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
llvm.func @lanes(%v: vector<4xf32>, %w: vector<4xf32>, %i: i32) {
  %0 = llvm_ext.extractelement %v[%i : i32] : vector<4xf32> -> f32
  %1 = llvm_ext.fcmp "olt" %v, %w {note} : vector<4xf32> -> vector<4xi1>
  %2 = llvm_ext.select %1, %v, %w : vector<4xi1>, vector<4xf32>
  llvm.return
}

// CHECK-LABEL: llvm.func @relaxed(
// CHECK-NEXT:    %3 = llvm_ext.swizzle %b, %b : vector<16xi8>, vector<16xi8> -> vector<16xi8>
// CHECK-NEXT:    %4 = llvm_ext.swizzle relaxed %b, %b {note} : vector<16xi8>, vector<16xi8> -> vector<16xi8>
// CHECK-NEXT:    %5 = llvm_ext.multiply_add relaxed %f, %f, %f : vector<4xf32>
// CHECK-NEXT:    %6 = llvm_ext.multiply_add %d, %d, %d : vector<2xf64>
// CHECK-NEXT:    %7 = llvm_ext.truncate relaxed signed %f : vector<4xf32> -> vector<4xi32>
// CHECK-NEXT:    %8 = llvm_ext.truncate %d : vector<2xf64> -> vector<4xi32>
// CHECK-NEXT:    %9 = llvm_ext.bitselect relaxed %h, %h, %h : vector<8xi16>
// CHECK-NEXT:    %10 = llvm_ext.fraction_multiply %h, %h : vector<8xi16>
// CHECK-NEXT:    %11 = llvm_ext.dot relaxed %b, %b : vector<16xi8>, vector<16xi8> -> vector<8xi16>
// CHECK-NEXT:    %12 = llvm_ext.narrow %h, %h : vector<8xi16> -> vector<16xi8>
// CHECK-NEXT:    %13 = llvm_ext.add_pairs signed %h : vector<8xi16> -> vector<4xi32>
// CHECK-NEXT:    llvm.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "relaxed"
// GENERIC-NEXT:  ^bb0(%b: vector<16xi8>, %h: vector<8xi16>, %f: vector<4xf32>, %d: vector<2xf64>):
// GENERIC-NEXT:    %3 = "llvm_ext.swizzle"(%b, %b) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %4 = "llvm_ext.swizzle"(%b, %b) <{relaxed}> {note} : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %5 = "llvm_ext.multiply_add"(%f, %f, %f) <{relaxed}> : (vector<4xf32>, vector<4xf32>, vector<4xf32>) -> vector<4xf32>
// GENERIC-NEXT:    %6 = "llvm_ext.multiply_add"(%d, %d, %d) : (vector<2xf64>, vector<2xf64>, vector<2xf64>) -> vector<2xf64>
// GENERIC-NEXT:    %7 = "llvm_ext.truncate"(%f) <{relaxed, signed}> : (vector<4xf32>) -> vector<4xi32>
// GENERIC-NEXT:    %8 = "llvm_ext.truncate"(%d) : (vector<2xf64>) -> vector<4xi32>
// GENERIC-NEXT:    %9 = "llvm_ext.bitselect"(%h, %h, %h) <{relaxed}> : (vector<8xi16>, vector<8xi16>, vector<8xi16>) -> vector<8xi16>
// GENERIC-NEXT:    %10 = "llvm_ext.fraction_multiply"(%h, %h) : (vector<8xi16>, vector<8xi16>) -> vector<8xi16>
// GENERIC-NEXT:    %11 = "llvm_ext.dot"(%b, %b) <{relaxed}> : (vector<16xi8>, vector<16xi8>) -> vector<8xi16>
// GENERIC-NEXT:    %12 = "llvm_ext.narrow"(%h, %h) : (vector<8xi16>, vector<8xi16>) -> vector<16xi8>
// GENERIC-NEXT:    %13 = "llvm_ext.add_pairs"(%h) <{signed}> : (vector<8xi16>) -> vector<4xi32>
// GENERIC-NEXT:    "llvm.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
llvm.func @relaxed(%b: vector<16xi8>, %h: vector<8xi16>, %f: vector<4xf32>, %d: vector<2xf64>) {
  %0 = llvm_ext.swizzle %b, %b : vector<16xi8>, vector<16xi8> -> vector<16xi8>
  %1 = llvm_ext.swizzle relaxed %b, %b {note} : vector<16xi8>, vector<16xi8> -> vector<16xi8>
  %2 = llvm_ext.multiply_add relaxed %f, %f, %f : vector<4xf32>
  %3 = llvm_ext.multiply_add %d, %d, %d : vector<2xf64>
  %4 = llvm_ext.truncate relaxed signed %f : vector<4xf32> -> vector<4xi32>
  %5 = llvm_ext.truncate %d : vector<2xf64> -> vector<4xi32>
  %6 = llvm_ext.bitselect relaxed %h, %h, %h : vector<8xi16>
  %7 = llvm_ext.fraction_multiply %h, %h : vector<8xi16>
  %8 = llvm_ext.dot relaxed %b, %b : vector<16xi8>, vector<16xi8> -> vector<8xi16>
  %9 = llvm_ext.narrow %h, %h : vector<8xi16> -> vector<16xi8>
  %10 = llvm_ext.add_pairs signed %h : vector<8xi16> -> vector<4xi32>
  llvm.return
}

// CHECK-LABEL: llvm.func @choice(
// CHECK-NEXT:    %14 = llvm_ext.choice %c or not %o, %x, %x : f64
// CHECK-NEXT:    %15 = llvm_ext.choice %c or not %o, %y, %y {note} : f32
// CHECK-NEXT:    llvm.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "choice"
// GENERIC-NEXT:  ^bb0(%c: i1, %o: i1, %x: f64, %y: f32):
// GENERIC-NEXT:    %14 = "llvm_ext.choice"(%c, %o, %x, %x) : (i1, i1, f64, f64) -> f64
// GENERIC-NEXT:    %15 = "llvm_ext.choice"(%c, %o, %y, %y) {note} : (i1, i1, f32, f32) -> f32
// GENERIC-NEXT:    "llvm.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
llvm.func @choice(%c: i1, %o: i1, %x: f64, %y: f32) {
  %0 = llvm_ext.choice %c or not %o, %x, %x : f64
  %1 = llvm_ext.choice %c or not %o, %y, %y {note} : f32
  llvm.return
}
