// RUN: wasm-opt-py %s -t llvm | filecheck %s
// BLESS

// Every float operation, in order.

// CHECK-LABEL: @"wasm[0]::function[0]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %4 = fcmp oeq float %2, %3
// CHECK-NEXT:    %5 = fcmp une float %2, %3
// CHECK-NEXT:    %6 = fcmp olt float %2, %3
// CHECK-NEXT:    %7 = fcmp ogt float %2, %3
// CHECK-NEXT:    %8 = fcmp ole float %2, %3
// CHECK-NEXT:    %9 = fcmp oge float %2, %3
// CHECK-NEXT:    %10 = call float @llvm.fabs.f32(float %2)
// CHECK-NEXT:    %11 = fneg float %2
// CHECK-NEXT:    %12 = call float @llvm.ceil.f32(float %2)
// CHECK-NEXT:    %13 = call float @llvm.floor.f32(float %2)
// CHECK-NEXT:    %14 = call float @llvm.trunc.f32(float %2)
// CHECK-NEXT:    %15 = call float @llvm.roundeven.f32(float %2)
// CHECK-NEXT:    %16 = call float @llvm.sqrt.f32(float %2)
// CHECK-NEXT:    %17 = fadd float %2, %3
// CHECK-NEXT:    %18 = fsub float %2, %3
// CHECK-NEXT:    %19 = fmul float %2, %3
// CHECK-NEXT:    %20 = fdiv float %2, %3
// CHECK-NEXT:    %21 = fcmp uno float %2, %3
// CHECK-NEXT:    %22 = fadd float %2, %3
// CHECK-NEXT:    %23 = call float @llvm.minimum.f32(float %2, float %3)
// CHECK-NEXT:    %24 = select i1 %21, float %22, float %23
// CHECK-NEXT:    %25 = fcmp uno float %2, %3
// CHECK-NEXT:    %26 = fadd float %2, %3
// CHECK-NEXT:    %27 = call float @llvm.maximum.f32(float %2, float %3)
// CHECK-NEXT:    %28 = select i1 %25, float %26, float %27
// CHECK-NEXT:    %29 = call float @llvm.copysign.f32(float %2, float %3)
// CHECK-NEXT:    ret void
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @f32(%a: f32, %b: f32) {
  %eq = wasmir.f32.eq %a, %b
  %ne = wasmir.f32.ne %a, %b
  %lt = wasmir.f32.lt %a, %b
  %gt = wasmir.f32.gt %a, %b
  %le = wasmir.f32.le %a, %b
  %ge = wasmir.f32.ge %a, %b
  %abs = wasmir.f32.abs %a
  %neg = wasmir.f32.neg %a
  %ceil = wasmir.f32.ceil %a
  %floor = wasmir.f32.floor %a
  %trunc = wasmir.f32.trunc %a
  %nearest = wasmir.f32.nearest %a
  %sqrt = wasmir.f32.sqrt %a
  %add = wasmir.f32.add %a, %b
  %sub = wasmir.f32.sub %a, %b
  %mul = wasmir.f32.mul %a, %b
  %div = wasmir.f32.div %a, %b
  %min = wasmir.f32.min %a, %b
  %max = wasmir.f32.max %a, %b
  %copysign = wasmir.f32.copysign %a, %b
  wasmir.return
}

// CHECK-LABEL: @"wasm[0]::function[1]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %4 = fcmp oeq double %2, %3
// CHECK-NEXT:    %5 = fcmp une double %2, %3
// CHECK-NEXT:    %6 = fcmp olt double %2, %3
// CHECK-NEXT:    %7 = fcmp ogt double %2, %3
// CHECK-NEXT:    %8 = fcmp ole double %2, %3
// CHECK-NEXT:    %9 = fcmp oge double %2, %3
// CHECK-NEXT:    %10 = call double @llvm.fabs.f64(double %2)
// CHECK-NEXT:    %11 = fneg double %2
// CHECK-NEXT:    %12 = call double @llvm.ceil.f64(double %2)
// CHECK-NEXT:    %13 = call double @llvm.floor.f64(double %2)
// CHECK-NEXT:    %14 = call double @llvm.trunc.f64(double %2)
// CHECK-NEXT:    %15 = call double @llvm.roundeven.f64(double %2)
// CHECK-NEXT:    %16 = call double @llvm.sqrt.f64(double %2)
// CHECK-NEXT:    %17 = fadd double %2, %3
// CHECK-NEXT:    %18 = fsub double %2, %3
// CHECK-NEXT:    %19 = fmul double %2, %3
// CHECK-NEXT:    %20 = fdiv double %2, %3
// CHECK-NEXT:    %21 = fcmp uno double %2, %3
// CHECK-NEXT:    %22 = fadd double %2, %3
// CHECK-NEXT:    %23 = call double @llvm.minimum.f64(double %2, double %3)
// CHECK-NEXT:    %24 = select i1 %21, double %22, double %23
// CHECK-NEXT:    %25 = fcmp uno double %2, %3
// CHECK-NEXT:    %26 = fadd double %2, %3
// CHECK-NEXT:    %27 = call double @llvm.maximum.f64(double %2, double %3)
// CHECK-NEXT:    %28 = select i1 %25, double %26, double %27
// CHECK-NEXT:    %29 = call double @llvm.copysign.f64(double %2, double %3)
// CHECK-NEXT:    ret void
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @f64(%a: f64, %b: f64) {
  %eq = wasmir.f64.eq %a, %b
  %ne = wasmir.f64.ne %a, %b
  %lt = wasmir.f64.lt %a, %b
  %gt = wasmir.f64.gt %a, %b
  %le = wasmir.f64.le %a, %b
  %ge = wasmir.f64.ge %a, %b
  %abs = wasmir.f64.abs %a
  %neg = wasmir.f64.neg %a
  %ceil = wasmir.f64.ceil %a
  %floor = wasmir.f64.floor %a
  %trunc = wasmir.f64.trunc %a
  %nearest = wasmir.f64.nearest %a
  %sqrt = wasmir.f64.sqrt %a
  %add = wasmir.f64.add %a, %b
  %sub = wasmir.f64.sub %a, %b
  %mul = wasmir.f64.mul %a, %b
  %div = wasmir.f64.div %a, %b
  %min = wasmir.f64.min %a, %b
  %max = wasmir.f64.max %a, %b
  %copysign = wasmir.f64.copysign %a, %b
  wasmir.return
}
