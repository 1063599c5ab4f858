; The part of the native glue that is particular to x86-64 Linux. An architecture provides:
;   @context.pc, .sp, .fp   registers of an interrupted thread, from the signal handler's ucontext_t
;   @context.land           makes the interrupted thread continue at @landing(activation)
;   @trap_code              the code in the trap instruction at a program counter, or -1
;   @trap_signal            the signal that a trap instruction raises
;   @return_address         a return address as it is in a frame, without what is no part of the address
;   @ticks                  a counter of the processor that runs at a constant rate
;   @at_least               how long something certainly took, as far as the counter says that
;   @call_array             calls compiled code; returns 0 or, through @landing, 1
;   @landing                leaves compiled code, whatever its state, for the end of @call_array
;   @lazy_entry             where the slot of lazy code leads before there is any: has it compiled, and jumps on
; ucontext_t: the general registers start at byte 40, in the order of <sys/ucontext.h>.

define internal i64 @context.pc(ptr %context) alwaysinline nounwind {
  %rip = getelementptr i8, ptr %context, i64 168
  %pc = load i64, ptr %rip
  ret i64 %pc
}

define internal i64 @context.sp(ptr %context) alwaysinline nounwind {
  %rsp = getelementptr i8, ptr %context, i64 160
  %sp = load i64, ptr %rsp
  ret i64 %sp
}

define internal i64 @context.fp(ptr %context) alwaysinline nounwind {
  %rbp = getelementptr i8, ptr %context, i64 120
  %fp = load i64, ptr %rbp
  ret i64 %fp
}

define internal void @context.land(ptr %context, ptr %activation) alwaysinline nounwind {
  %rdi = getelementptr i8, ptr %context, i64 104
  store ptr %activation, ptr %rdi
  %rip = getelementptr i8, ptr %context, i64 168
  store ptr @landing, ptr %rip
  ret void
}

; LLVM's ubsantrap is `ud1 eax, [eax + code]`: 67 0f b9, then 00 (code 0, no displacement), 40 code
; or, from 128 on, 80 code 00 00 00. Read byte by byte: what raised SIGILL may be a shorter instruction
; at the very end of a mapping.
define internal i64 @trap_code(i64 %pc) nounwind {
  %at = inttoptr i64 %pc to ptr
  %prefix = load i8, ptr %at
  %is_prefix = icmp eq i8 %prefix, 103
  br i1 %is_prefix, label %second, label %other
second:
  %at1 = getelementptr i8, ptr %at, i64 1
  %escape = load i8, ptr %at1
  %is_escape = icmp eq i8 %escape, 15
  br i1 %is_escape, label %third, label %other
third:
  %at2 = getelementptr i8, ptr %at, i64 2
  %opcode = load i8, ptr %at2
  %is_ud1 = icmp eq i8 %opcode, -71
  br i1 %is_ud1, label %fourth, label %other
fourth:
  %at3 = getelementptr i8, ptr %at, i64 3
  %mod_rm = load i8, ptr %at3
  switch i8 %mod_rm, label %other [
    i8 0, label %zero
    i8 64, label %displacement
    i8 -128, label %displacement
  ]
zero:
  ret i64 0
displacement:
  %at4 = getelementptr i8, ptr %at, i64 4
  %byte = load i8, ptr %at4
  %code = zext i8 %byte to i64
  ret i64 %code
other:
  ret i64 -1
}

define internal i32 @trap_signal() alwaysinline nounwind {
  ret i32 4 ; SIGILL
}

define internal i64 @return_address(i64 %word) alwaysinline nounwind {
  ret i64 %word
}

define internal i64 @ticks() alwaysinline nounwind {
  %now = call i64 @llvm.readcyclecounter() ; rdtsc
  ret i64 %now
}

define internal i64 @at_least(i64 %ticks) alwaysinline nounwind {
  ret i64 %ticks
}

declare i64 @llvm.readcyclecounter()

; The callee-saved registers, the shadow stack pointer (CET; `rdsspq` is a no-op without it) and the
; floating-point control words stay on the stack; the activation only keeps the stack pointer.
; The .cfi lines (6 is rbp, 7 rsp, 3 rbx) let unwinders pass from compiled code to Python.
define dso_local i64 @call_array(ptr %activation, ptr %function, ptr %callee_vmctx,
    ptr %caller_vmctx, ptr %slots, i64 %slot_count) naked noinline nounwind {
  call void asm sideeffect inteldialect "
    push rbp
    .cfi_def_cfa_offset 16
    .cfi_offset 6, -16
    mov rbp, rsp
    .cfi_def_cfa_register 6
    push rbx
    .cfi_offset 3, -24
    push r12
    .cfi_offset 12, -32
    push r13
    .cfi_offset 13, -40
    push r14
    .cfi_offset 14, -48
    push r15
    .cfi_offset 15, -56
    xor eax, eax
    rdsspq rax
    push rax
    sub rsp, 16
    stmxcsr [rsp]
    fnstcw [rsp + 4]
    mov [rdi + {landing_sp}], rsp
    mov rax, rsi
    mov rdi, rdx
    mov rsi, rcx
    mov rdx, r8
    mov rcx, r9
    call rax
    xor eax, eax
    add rsp, 24
  .Lleave:
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbx
    pop rbp
    .cfi_def_cfa 7, 8
    ret", "~{memory}"()
  unreachable
}

; Frames that are jumped over are popped from the shadow stack too, at most 255 at a time.
define dso_local void @landing(ptr %activation) naked noinline noreturn nounwind {
  call void asm sideeffect inteldialect "
    mov rsp, [rdi + {landing_sp}]
    cld
    ldmxcsr [rsp]
    fldcw [rsp + 4]
    add rsp, 16
    pop rcx
    xor eax, eax
    rdsspq rax
    test rax, rax
    je .Llanded
    sub rcx, rax
    shr rcx, 3
  .Lpop_shadow_stack:
    mov edx, 255
    cmp rcx, rdx
    cmovb rdx, rcx
    incsspq rdx
    sub rcx, rdx
    jne .Lpop_shadow_stack
  .Llanded:
    mov eax, {trapped}
    jmp .Lleave", "~{memory}"()
  unreachable
}

; A veneer (object/veneers.py) calls this: what is on top of the stack is an address in it. The registers in which
; arguments are passed are kept, whatever the callee's convention; the first one is the callee's VMContext. Then the
; veneer is entered again. It leads back here if Python raised an exception before the builtin began.
define dso_local void @lazy_entry() naked noinline nounwind {
  call void asm sideeffect inteldialect "
    pop r11
    push rbp
    .cfi_def_cfa_offset 16
    .cfi_offset 6, -16
    mov rbp, rsp
    .cfi_def_cfa_register 6
    push r11
    push rdi
    push rsi
    push rdx
    push rcx
    push r8
    push r9
    push rax
    push r10
    sub rsp, 136
    movups [rsp], xmm0
    movups [rsp + 16], xmm1
    movups [rsp + 32], xmm2
    movups [rsp + 48], xmm3
    movups [rsp + 64], xmm4
    movups [rsp + 80], xmm5
    movups [rsp + 96], xmm6
    movups [rsp + 112], xmm7
    mov rsi, r11
    call ${0:c}
    movups xmm0, [rsp]
    movups xmm1, [rsp + 16]
    movups xmm2, [rsp + 32]
    movups xmm3, [rsp + 48]
    movups xmm4, [rsp + 64]
    movups xmm5, [rsp + 80]
    movups xmm6, [rsp + 96]
    movups xmm7, [rsp + 112]
    add rsp, 136
    pop r10
    pop rax
    pop r9
    pop r8
    pop rcx
    pop rdx
    pop rsi
    pop rdi
    pop r11
    pop rbp
    .cfi_def_cfa 7, 8
    and r11, -{lazy_veneer_size}
    jmp r11", "s,~{memory}"(ptr @builtin.compile_lazily)
  unreachable
}
