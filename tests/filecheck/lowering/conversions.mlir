// RUN: wasm-opt-py %s -t llvm | filecheck %s
// BLESS

// Float to integer: NaN and what is out of range trap; saturating conversions are intrinsics.

// CHECK-LABEL: @"wasm[0]::function[0]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %3 = fcmp uno float %2, %2
// CHECK-NEXT:    br i1 %3, label %b3, label %b1
// CHECK-NEXT:  b1:
// CHECK-NEXT:    %4 = fcmp oge float %2, bitcast (i32 -822083584 to float)
// CHECK-NEXT:    %5 = fcmp olt float %2, bitcast (i32 1325400064 to float)
// CHECK-NEXT:    %6 = and i1 %4, %5
// CHECK-NEXT:    %7 = xor i1 %6, true
// CHECK-NEXT:    br i1 %7, label %b4, label %b2
// CHECK-NEXT:  b2:
// CHECK-NEXT:    %8 = fptosi float %2 to i32
// CHECK-NEXT:    ret i32 %8
// CHECK-NEXT:  b3:
// CHECK-NEXT:    fence syncscope("singlethread") seq_cst
// CHECK-NEXT:    call void @llvm.ubsantrap(i8 8) nomerge
// CHECK-NEXT:    unreachable
// CHECK-NEXT:  b4:
// CHECK-NEXT:    fence syncscope("singlethread") seq_cst
// CHECK-NEXT:    call void @llvm.ubsantrap(i8 6) nomerge
// CHECK-NEXT:    unreachable
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @trapping(%x: f32) -> i32 {
  %0 = wasmir.i32.trunc_f32_s %x
  wasmir.return %0 : i32
}

// CHECK-LABEL: @"wasm[0]::function[1]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %3 = fcmp uno double %2, %2
// CHECK-NEXT:    br i1 %3, label %b3, label %b1
// CHECK-NEXT:  b1:
// CHECK-NEXT:    %4 = fcmp ogt double %2, bitcast (i64 -4616189618054758400 to double)
// CHECK-NEXT:    %5 = fcmp olt double %2, bitcast (i64 4895412794951729152 to double)
// CHECK-NEXT:    %6 = and i1 %4, %5
// CHECK-NEXT:    %7 = xor i1 %6, true
// CHECK-NEXT:    br i1 %7, label %b4, label %b2
// CHECK-NEXT:  b2:
// CHECK-NEXT:    %8 = fptoui double %2 to i64
// CHECK-NEXT:    ret i64 %8
// CHECK-NEXT:  b3:
// CHECK-NEXT:    fence syncscope("singlethread") seq_cst
// CHECK-NEXT:    call void @llvm.ubsantrap(i8 8) nomerge
// CHECK-NEXT:    unreachable
// CHECK-NEXT:  b4:
// CHECK-NEXT:    fence syncscope("singlethread") seq_cst
// CHECK-NEXT:    call void @llvm.ubsantrap(i8 6) nomerge
// CHECK-NEXT:    unreachable
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @trapping_unsigned(%x: f64) -> i64 {
  %0 = wasmir.i64.trunc_f64_u %x
  wasmir.return %0 : i64
}

// CHECK-LABEL: @"wasm[0]::function[2]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %3 = call i32 @llvm.fptoui.sat.i32.f64(double %2)
// CHECK-NEXT:    ret i32 %3
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @saturating(%x: f64) -> i32 {
  %0 = wasmir.i32.trunc_sat_f64_u %x
  wasmir.return %0 : i32
}

// CHECK-LABEL: @"wasm[0]::function[3]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %3 = uitofp i64 %2 to double
// CHECK-NEXT:    %4 = call double @llvm.arithmetic.fence.f64(double %3)
// CHECK-NEXT:    %5 = fptrunc double %4 to float
// CHECK-NEXT:    %6 = fpext float %5 to double
// CHECK-NEXT:    %7 = call double @llvm.arithmetic.fence.f64(double %6)
// CHECK-NEXT:    %8 = bitcast double %7 to i64
// CHECK-NEXT:    %9 = trunc i64 %8 to i32
// CHECK-NEXT:    %10 = bitcast i32 %9 to float
// CHECK-NEXT:    %11 = call float @llvm.arithmetic.fence.f32(float %10)
// CHECK-NEXT:    ret float %11
// CHECK-NEXT:  }
wasmir.func index 3 slot 3 @other(%x: i64) -> f32 {
  %0 = wasmir.f64.convert_i64_u %x
  %1 = wasmir.f32.demote_f64 %0
  %2 = wasmir.f64.promote_f32 %1
  %3 = wasmir.i64.reinterpret_f64 %2
  %4 = wasmir.i32.wrap_i64 %3
  %5 = wasmir.f32.reinterpret_i32 %4
  wasmir.return %5 : f32
}
