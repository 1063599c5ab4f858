// RUN: wasm-opt-py %s -t llvm --target-triple x86_64-unknown-linux-gnu --cpu x86-64-v4 | filecheck %s --check-prefixes MASKS,BOTH
// RUN: wasm-opt-py %s -t llvm --target-triple x86_64-unknown-linux-gnu --cpu x86-64-v3 | filecheck %s --check-prefixes FLAGS,BOTH
// RUN: wasm-opt-py %s -t llvm --target-triple x86_64-unknown-linux-gnu --cpu x86-64-v4 --verify each | filecheck %s --check-prefixes MASKS,BOTH

// A choice between floats has a condition of its own, the opposite, if something else asks for the condition: in
// LLVM's masks of AVX-512. Elsewhere the comparisons for it are for nothing, and LLVM removes them.

// BOTH-LABEL: @"wasm[0]::function[0]"(
// BOTH:         [[LT:%[0-9]+]] = fcmp olt double %2, %3
// BOTH:         [[GT:%[0-9]+]] = fcmp ogt double %2, %4
// BOTH:         [[ASKED:%[0-9]+]] = and i1 [[LT]], [[GT]]
// BOTH:         select i1 [[ASKED]], i64 %5, i64 %6
// BOTH:         [[GE:%[0-9]+]] = fcmp uge double %2, %3
// BOTH-NEXT:    [[LE:%[0-9]+]] = fcmp ule double %2, %4
// BOTH-NEXT:    [[OPPOSITE:%[0-9]+]] = or i1 [[GE]], [[LE]]
// MASKS:        select i1 [[OPPOSITE]], double %3, double %2
// FLAGS:        select i1 {{%[0-9]+}}, double %2, double %3
wasmir.func index 0 slot 0 @nearest(%x: f64, %best: f64, %least: f64, %i: i64, %old: i64) -> (i64, f64) {
  %lt = wasmir.f64.lt %x, %best
  %gt = wasmir.f64.gt %x, %least
  %both = wasmir.i32.and %lt, %gt
  %index = wasmir.select %both, %i, %old : i64
  %value = wasmir.select %both, %x, %best : f64
  wasmir.return %index, %value : i64, f64
}

// Each comparison has its opposite, and `and` is that of `or`.

// BOTH-LABEL: @"wasm[0]::function[1]"(
// BOTH:         and i1
// BOTH-NEXT:    zext i1
// BOTH-NEXT:    fcmp une float
// BOTH-NEXT:    fcmp oeq float
// BOTH-NEXT:    and i1
// BOTH-NEXT:    fcmp ugt float
// BOTH-NEXT:    fcmp ult float
// BOTH-NEXT:    and i1
// BOTH-NEXT:    or i1
wasmir.func index 1 slot 1 @predicates(%x: f32, %y: f32) -> (i32, f32) {
  %eq = wasmir.f32.eq %x, %y
  %ne = wasmir.f32.ne %x, %y
  %le = wasmir.f32.le %x, %y
  %ge = wasmir.f32.ge %x, %y
  %first = wasmir.i32.or %eq, %ne
  %second = wasmir.i32.or %le, %ge
  %all = wasmir.i32.and %first, %second
  %value = wasmir.select %all, %x, %y : f32
  wasmir.return %all, %value : i32, f32
}

// No comparison is made again if only the choice asks, if two choices do, or if the condition is of something else:
// floats of another type, numbers, or a number and not a truth value.

// BOTH-LABEL: @"wasm[0]::function[2]"(
// BOTH-NOT:     fcmp u
// BOTH:         ret
wasmir.func index 2 slot 2 @alone(%x: f64, %y: f64) -> f64 {
  %lt = wasmir.f64.lt %x, %y
  %0 = wasmir.select %lt, %x, %y : f64
  wasmir.return %0 : f64
}

// BOTH-LABEL: @"wasm[0]::function[3]"(
// BOTH-NOT:     fcmp u
// BOTH:         ret
wasmir.func index 3 slot 3 @twice(%x: f64, %y: f64) -> (i32, f64, f64) {
  %lt = wasmir.f64.lt %x, %y
  %0 = wasmir.select %lt, %x, %y : f64
  %1 = wasmir.select %lt, %y, %x : f64
  wasmir.return %lt, %0, %1 : i32, f64, f64
}

// BOTH-LABEL: @"wasm[0]::function[4]"(
// BOTH-NOT:     fcmp u
// BOTH:         ret
wasmir.func index 4 slot 4 @other_type(%x: f32, %y: f32, %a: f64, %b: f64) -> (i32, f64) {
  %lt = wasmir.f32.lt %x, %y
  %0 = wasmir.select %lt, %a, %b : f64
  wasmir.return %lt, %0 : i32, f64
}

// BOTH-LABEL: @"wasm[0]::function[5]"(
// BOTH-NOT:     fcmp u
// BOTH:         ret
wasmir.func index 5 slot 5 @number(%x: f64, %y: f64, %n: i32) -> (i32, f64) {
  %lt = wasmir.f64.lt %x, %y
  %both = wasmir.i32.and %lt, %n
  %0 = wasmir.select %both, %x, %y : f64
  wasmir.return %both, %0 : i32, f64
}
