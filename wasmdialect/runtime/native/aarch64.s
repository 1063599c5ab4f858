// The functions of the native glue for aarch64 that LLVM cannot write: entry and landing, what lazy code
// starts at, and what needs an instruction of its own. tools/aarch64_assembler.py knows the instructions
// that are here; llvmlite has an assembler for the machine it runs on only. The .cfi lines are for
// unwinders, which pass from compiled code to Python.
//
// All functions begin with a landing instruction, so that they can be called where the processor asks for
// one (BTI). `xpaclri` and `bti` do nothing on processors without them.

// call_array(activation, function, callee_vmctx, caller_vmctx, slots, slot_count): 0 or, through the
// landing, {trapped}. The callee-saved registers, FPCR and x18, which may be a shadow call stack's, are kept in
// the frame; the activation only has the stack pointer.
.global call_array
call_array:
    bti c
    stp x29, x30, [sp, #-192]!
    .cfi_def_cfa_offset 192
    .cfi_offset x29, -192
    .cfi_offset x30, -184
    mov x29, sp
    .cfi_def_cfa_register x29
    stp x19, x20, [sp, #16]
    .cfi_offset x19, -176
    .cfi_offset x20, -168
    stp x21, x22, [sp, #32]
    .cfi_offset x21, -160
    .cfi_offset x22, -152
    stp x23, x24, [sp, #48]
    .cfi_offset x23, -144
    .cfi_offset x24, -136
    stp x25, x26, [sp, #64]
    .cfi_offset x25, -128
    .cfi_offset x26, -120
    stp x27, x28, [sp, #80]
    .cfi_offset x27, -112
    .cfi_offset x28, -104
    stp d8, d9, [sp, #96]
    .cfi_offset d8, -96
    .cfi_offset d9, -88
    stp d10, d11, [sp, #112]
    .cfi_offset d10, -80
    .cfi_offset d11, -72
    stp d12, d13, [sp, #128]
    .cfi_offset d12, -64
    .cfi_offset d13, -56
    stp d14, d15, [sp, #144]
    .cfi_offset d14, -48
    .cfi_offset d15, -40
    mrs x9, fpcr
    stp x9, x18, [sp, #160]
    mov x9, sp
    str x9, [x0, #{landing_sp}]
    mov x9, x1
    mov x0, x2
    mov x1, x3
    mov x2, x4
    mov x3, x5
    blr x9
    mov x0, #0
leave:
    ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #64]
    ldp x27, x28, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    ldr x18, [sp, #168]
    ldp x29, x30, [sp], #192
    .cfi_def_cfa sp, 0
    ret

// landing(activation). A signal handler sends threads here from any instruction, so any kind of jump may
// have been the last one.
.global landing
landing:
    bti jc
    ldr x9, [x0, #{landing_sp}]
    mov sp, x9
    ldr x9, [sp, #160]
    msr fpcr, x9
    mov x0, #{trapped}
    b leave

// A veneer (object/veneers.py) jumps here: x16 has an address in it. The registers in which arguments are
// passed are kept, whatever the callee's convention; x0 is the callee's VMContext. Then the veneer is entered
// again. It leads back here if Python raised an exception before the builtin began.
.global lazy_entry
lazy_entry:
    bti c
    stp x29, x30, [sp, #-288]!
    .cfi_def_cfa_offset 288
    .cfi_offset x29, -288
    .cfi_offset x30, -280
    mov x29, sp
    .cfi_def_cfa_register x29
    stp x0, x1, [sp, #16]
    stp x2, x3, [sp, #32]
    stp x4, x5, [sp, #48]
    stp x6, x7, [sp, #64]
    stp x8, x9, [sp, #80]
    stp x10, x11, [sp, #96]
    stp x12, x13, [sp, #112]
    stp x14, x15, [sp, #128]
    stp x16, x18, [sp, #144]
    stp q0, q1, [sp, #160]
    stp q2, q3, [sp, #192]
    stp q4, q5, [sp, #224]
    stp q6, q7, [sp, #256]
    mov x1, x16
    bl builtin.compile_lazily
    ldp x0, x1, [sp, #16]
    ldp x2, x3, [sp, #32]
    ldp x4, x5, [sp, #48]
    ldp x6, x7, [sp, #64]
    ldp x8, x9, [sp, #80]
    ldp x10, x11, [sp, #96]
    ldp x12, x13, [sp, #112]
    ldp x14, x15, [sp, #128]
    ldp x16, x18, [sp, #144]
    ldp q0, q1, [sp, #160]
    ldp q2, q3, [sp, #192]
    ldp q4, q5, [sp, #224]
    ldp q6, q7, [sp, #256]
    ldp x29, x30, [sp], #288
    .cfi_def_cfa sp, 0
    and x16, x16, #-{lazy_veneer_size}
    br x16

// return_address(word): a return address without the signature that it may have.
.global return_address
return_address:
    bti c
    mov x9, x30
    mov x30, x0
    xpaclri
    mov x0, x30
    mov x30, x9
    ret

// synchronize_code(start, end): makes instructions that have been written visible to the processor's instruction
// caches. CTR_EL0 says how long their lines are and whether there is anything to do: bit 28 that data need not
// be written back, bit 29 that nothing stale needs to be dropped (Arm ARM, B2.4.4).
.global synchronize_code
synchronize_code:
    bti c
    mrs x3, ctr_el0
    mov x9, #4
    tbnz x3, #28, written
    ubfx x4, x3, #16, #4
    lsl x4, x9, x4
    sub x5, x4, #1
    bic x5, x0, x5
write:
    dc cvau, x5
    add x5, x5, x4
    cmp x5, x1
    b.lo write
written:
    dsb ish
    tbnz x3, #29, dropped
    ubfx x4, x3, #0, #4
    lsl x4, x9, x4
    sub x5, x4, #1
    bic x5, x0, x5
drop:
    ic ivau, x5
    add x5, x5, x4
    cmp x5, x1
    b.lo drop
    dsb ish
dropped:
    isb
    ret
