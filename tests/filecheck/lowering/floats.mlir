// RUN: wasm-opt-py %s -t llvm | filecheck %s
// BLESS

// Floats keep every bit of NaNs: constants are bits, min and max make NaNs quiet, and the constants
// with which LLVM would fold arithmetic away are hidden behind a fence.

// CHECK-LABEL: @"wasm[0]::function[0]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %2 = insertvalue { float, double } undef, float bitcast (i32 2141192192 to float), 0
// CHECK-NEXT:    %3 = insertvalue { float, double } %2, double bitcast (i64 4591870180066957722 to double), 1
// CHECK-NEXT:    ret { float, double } %3
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @constants() -> (f32, f64) {
  %0 = wasmir.f32.const "nan:0x200000"
  %1 = wasmir.f64.const "0.1"
  wasmir.return %0, %1 : f32, f64
}

// CHECK-LABEL: @"wasm[0]::function[1]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %3 = call float @llvm.arithmetic.fence.f32(float bitcast (i32 1065353216 to float))
// CHECK-NEXT:    %4 = fmul float %2, %3
// CHECK-NEXT:    ret float %4
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @times_one(%x: f32) -> f32 {
  %one = wasmir.f32.const "1"
  %0 = wasmir.f32.mul %x, %one
  wasmir.return %0 : f32
}

// CHECK-LABEL: @"wasm[0]::function[2]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %3 = fadd float %2, bitcast (i32 1065353216 to float)
// CHECK-NEXT:    ret float %3
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @plus_one(%x: f32) -> f32 {
  %one = wasmir.f32.const "1"
  %0 = wasmir.f32.add %x, %one
  wasmir.return %0 : f32
}

// CHECK-LABEL: @"wasm[0]::function[3]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %4 = fcmp uno double %2, %3
// CHECK-NEXT:    %5 = fadd double %2, %3
// CHECK-NEXT:    %6 = call double @llvm.minimum.f64(double %2, double %3)
// CHECK-NEXT:    %7 = select i1 %4, double %5, double %6
// CHECK-NEXT:    ret double %7
// CHECK-NEXT:  }
wasmir.func index 3 slot 3 @smaller(%x: f64, %y: f64) -> f64 {
  %0 = wasmir.f64.min %x, %y
  wasmir.return %0 : f64
}

// CHECK-LABEL: @"wasm[0]::function[4]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %3 = call double @llvm.fabs.f64(double %2)
// CHECK-NEXT:    %4 = fneg double %3
// CHECK-NEXT:    %5 = call double @llvm.roundeven.f64(double %4)
// CHECK-NEXT:    %6 = call double @llvm.copysign.f64(double %5, double %2)
// CHECK-NEXT:    ret double %6
// CHECK-NEXT:  }
wasmir.func index 4 slot 4 @unary(%x: f64) -> f64 {
  %0 = wasmir.f64.abs %x
  %1 = wasmir.f64.neg %0
  %2 = wasmir.f64.nearest %1
  %3 = wasmir.f64.copysign %2, %x
  wasmir.return %3 : f64
}
