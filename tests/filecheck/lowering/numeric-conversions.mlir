// RUN: wasm-opt-py %s -t llvm | filecheck %s
// BLESS

// Every conversion that cannot trap, in order.

// CHECK-LABEL: @"wasm[0]::function[0]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %6 = trunc i64 %3 to i32
// CHECK-NEXT:    %7 = sext i32 %2 to i64
// CHECK-NEXT:    %8 = zext i32 %2 to i64
// CHECK-NEXT:    %9 = sitofp i32 %2 to float
// CHECK-NEXT:    %10 = uitofp i32 %2 to float
// CHECK-NEXT:    %11 = sitofp i64 %3 to float
// CHECK-NEXT:    %12 = uitofp i64 %3 to float
// CHECK-NEXT:    %13 = fptrunc double %5 to float
// CHECK-NEXT:    %14 = sitofp i32 %2 to double
// CHECK-NEXT:    %15 = uitofp i32 %2 to double
// CHECK-NEXT:    %16 = sitofp i64 %3 to double
// CHECK-NEXT:    %17 = uitofp i64 %3 to double
// CHECK-NEXT:    %18 = fpext float %4 to double
// CHECK-NEXT:    %19 = call double @llvm.arithmetic.fence.f64(double %18)
// CHECK-NEXT:    %20 = bitcast float %4 to i32
// CHECK-NEXT:    %21 = bitcast double %5 to i64
// CHECK-NEXT:    %22 = bitcast i32 %2 to float
// CHECK-NEXT:    %23 = bitcast i64 %3 to double
// CHECK-NEXT:    %24 = call i32 @llvm.fptosi.sat.i32.f32(float %4)
// CHECK-NEXT:    %25 = call i32 @llvm.fptoui.sat.i32.f32(float %4)
// CHECK-NEXT:    %26 = call i32 @llvm.fptosi.sat.i32.f64(double %5)
// CHECK-NEXT:    %27 = call i32 @llvm.fptoui.sat.i32.f64(double %5)
// CHECK-NEXT:    %28 = call i64 @llvm.fptosi.sat.i64.f32(float %4)
// CHECK-NEXT:    %29 = call i64 @llvm.fptoui.sat.i64.f32(float %4)
// CHECK-NEXT:    %30 = call i64 @llvm.fptosi.sat.i64.f64(double %5)
// CHECK-NEXT:    %31 = call i64 @llvm.fptoui.sat.i64.f64(double %5)
// CHECK-NEXT:    ret void
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @all(%i32: i32, %i64: i64, %f32: f32, %f64: f64) {
  %i32_wrap_i64 = wasmir.i32.wrap_i64 %i64
  %i64_extend_i32_s = wasmir.i64.extend_i32_s %i32
  %i64_extend_i32_u = wasmir.i64.extend_i32_u %i32
  %f32_convert_i32_s = wasmir.f32.convert_i32_s %i32
  %f32_convert_i32_u = wasmir.f32.convert_i32_u %i32
  %f32_convert_i64_s = wasmir.f32.convert_i64_s %i64
  %f32_convert_i64_u = wasmir.f32.convert_i64_u %i64
  %f32_demote_f64 = wasmir.f32.demote_f64 %f64
  %f64_convert_i32_s = wasmir.f64.convert_i32_s %i32
  %f64_convert_i32_u = wasmir.f64.convert_i32_u %i32
  %f64_convert_i64_s = wasmir.f64.convert_i64_s %i64
  %f64_convert_i64_u = wasmir.f64.convert_i64_u %i64
  %f64_promote_f32 = wasmir.f64.promote_f32 %f32
  %i32_reinterpret_f32 = wasmir.i32.reinterpret_f32 %f32
  %i64_reinterpret_f64 = wasmir.i64.reinterpret_f64 %f64
  %f32_reinterpret_i32 = wasmir.f32.reinterpret_i32 %i32
  %f64_reinterpret_i64 = wasmir.f64.reinterpret_i64 %i64
  %i32_trunc_sat_f32_s = wasmir.i32.trunc_sat_f32_s %f32
  %i32_trunc_sat_f32_u = wasmir.i32.trunc_sat_f32_u %f32
  %i32_trunc_sat_f64_s = wasmir.i32.trunc_sat_f64_s %f64
  %i32_trunc_sat_f64_u = wasmir.i32.trunc_sat_f64_u %f64
  %i64_trunc_sat_f32_s = wasmir.i64.trunc_sat_f32_s %f32
  %i64_trunc_sat_f32_u = wasmir.i64.trunc_sat_f32_u %f32
  %i64_trunc_sat_f64_s = wasmir.i64.trunc_sat_f64_s %f64
  %i64_trunc_sat_f64_u = wasmir.i64.trunc_sat_f64_u %f64
  wasmir.return
}
