; The part of the native glue that is particular to aarch64 Linux; x86_64.ll says what an architecture
; provides. What is only declared here is in aarch64.s.
; ucontext_t: uc_mcontext has the address of the fault at byte 176, then x0 to x30, sp, pc and pstate.

declare dso_local i64 @call_array(ptr, ptr, ptr, ptr, ptr, i64) nounwind
declare dso_local void @landing(ptr) noreturn nounwind
declare dso_local void @lazy_entry() nounwind
declare dso_local i64 @return_address(i64) nounwind

define internal i64 @context.pc(ptr %context) alwaysinline nounwind {
  %place = getelementptr i8, ptr %context, i64 440
  %pc = load i64, ptr %place
  ret i64 %pc
}

define internal i64 @context.sp(ptr %context) alwaysinline nounwind {
  %place = getelementptr i8, ptr %context, i64 432
  %sp = load i64, ptr %place
  ret i64 %sp
}

define internal i64 @context.fp(ptr %context) alwaysinline nounwind {
  %x29 = getelementptr i8, ptr %context, i64 416
  %fp = load i64, ptr %x29
  ret i64 %fp
}

define internal void @context.land(ptr %context, ptr %activation) alwaysinline nounwind {
  %x0 = getelementptr i8, ptr %context, i64 184
  store ptr %activation, ptr %x0
  %pc = getelementptr i8, ptr %context, i64 440
  store ptr @landing, ptr %pc
  ret void
}

; LLVM's ubsantrap is `brk #0x5500 + code`, which raises SIGTRAP.
define internal i64 @trap_code(i64 %pc) nounwind {
  %at = inttoptr i64 %pc to ptr
  %word = load i32, ptr %at
  %fixed = and i32 %word, -8161 ; all but the low 8 of the 16 bits of the immediate: 0xffffe01f
  %is_trap = icmp eq i32 %fixed, -735404032 ; 0xd42aa000
  br i1 %is_trap, label %trap, label %other
trap:
  %shifted = lshr i32 %word, 5
  %low = and i32 %shifted, 255
  %code = zext i32 %low to i64
  ret i64 %code
other:
  ret i64 -1
}

define internal i32 @trap_signal() alwaysinline nounwind {
  ret i32 5 ; SIGTRAP
}

; The processor's cycle counter is the kernel's; its timer can be read by everyone.
define internal i64 @ticks() alwaysinline nounwind {
  %now = call i64 @llvm.readsteadycounter() ; cntvct_el0
  ret i64 %now
}

; The counter may run as slowly as 24 MHz, and both ends are known to a tick only.
define internal i64 @at_least(i64 %ticks) alwaysinline nounwind {
  %certain = call i64 @llvm.usub.sat.i64(i64 %ticks, i64 1)
  ret i64 %certain
}

declare i64 @llvm.readsteadycounter()
