; Signals: traps of compiled code, Ctrl-C, and everything that is somebody else's business.
; Nothing here may allocate or lock. Offsets in siginfo_t are those of every 64-bit Linux.

; By signal and generation of our handler; filled in by Python (handlers.py).
@previous_handlers = dso_local global %handler_table zeroinitializer

@default_action = internal constant [152 x i8] zeroinitializer ; struct sigaction with SIG_DFL

define internal void @on_signal(i64 %generation, i32 %signal, ptr %info, ptr %context) nounwind {
  %is_interrupt = icmp eq i32 %signal, 2
  br i1 %is_interrupt, label %interrupt, label %fault
interrupt:
  call void @on_interrupt(i64 %generation, i32 %signal, ptr %info, ptr %context)
  ret void
fault:
  ; One that was sent (kill, raise) says nothing about the instruction it arrived at.
  %is_sent = call i1 @is_sent(ptr %info)
  br i1 %is_sent, label %chain, label %look
look:
  %activation = call ptr @activation_in_code(ptr %context)
  %is_foreign = icmp eq ptr %activation, null
  br i1 %is_foreign, label %chain, label %trap
trap:
  call void @record_fault(ptr %activation, i32 %signal, ptr %info, ptr %context)
  call void @context.land(ptr %context, ptr %activation)
  ret void
chain:
  call void @chain(i64 %generation, i32 %signal, ptr %info, ptr %context)
  ret void
}

; si_code is at byte 8 of siginfo_t; it is not positive for a signal sent by a process.
define internal i1 @is_sent(ptr %info) alwaysinline nounwind {
  %slot = getelementptr i8, ptr %info, i64 8
  %code = load i32, ptr %slot
  %is_sent = icmp sle i32 %code, 0
  ret i1 %is_sent
}

; The activation to leave if the thread was interrupted in compiled code, else null.
define internal ptr @activation_in_code(ptr %context) nounwind {
  %pc = call i64 @context.pc(ptr %context)
  %is_code = call i1 @is_compiled_code(i64 %pc)
  br i1 %is_code, label %yes, label %no
yes:
  %activation = call ptr @innermost_activation()
  ret ptr %activation
no:
  ret ptr null
}

define internal void @record_fault(ptr %activation, i32 %signal, ptr %info, ptr %context) nounwind {
  %ill = call i64 @trap_kind.signal_ill()
  %fpe = call i64 @trap_kind.signal_fpe()
  %segv = call i64 @trap_kind.signal_segv()
  %pc = call i64 @context.pc(ptr %context)
  %trap_signal = call i32 @trap_signal()
  %is_trap = icmp eq i32 %signal, %trap_signal
  %cause = select i1 %is_trap, i32 4, i32 %signal
  switch i32 %cause, label %memory [
    i32 4, label %instruction
    i32 8, label %arithmetic
  ]
instruction:
  %trap_code = call i64 @trap_code(i64 %pc)
  br label %record
arithmetic:
  br label %record
memory:
  %address_slot = getelementptr i8, ptr %info, i64 16 ; si_addr
  %address = load i64, ptr %address_slot
  br label %record
record:
  %kind = phi i64 [%ill, %instruction], [%fpe, %arithmetic], [%segv, %memory]
  %code = phi i64 [%trap_code, %instruction], [-1, %arithmetic], [-1, %memory]
  %fault_address = phi i64 [0, %instruction], [0, %arithmetic], [%address, %memory]
  %number = zext i32 %signal to i64
  %sp = call i64 @context.sp(ptr %context)
  %fp = call i64 @context.fp(ptr %context)
  call void @record(ptr %activation, i64 %kind, i64 %code, i64 %pc, i64 %sp, i64 %fp)
  call void @activation.signal.set(ptr %activation, i64 %number)
  call void @activation.fault_address.set(ptr %activation, i64 %fault_address)
  ret void
}

; Ctrl-C. Python's handler runs first, so that the KeyboardInterrupt is due when control is back in
; Python. It wants the main thread: a blocking call there must be woken.
define internal void @on_interrupt(i64 %generation, i32 %signal, ptr %info, ptr %context) nounwind {
  %is_main = call i1 @on_main_thread()
  br i1 %is_main, label %here, label %forward
forward:
  %main = load i64, ptr @main_thread
  %kill = load ptr, ptr @libc.pthread_kill
  %failed = call i32 %kill(i64 %main, i32 %signal)
  ret void
here:
  call void @chain(i64 %generation, i32 %signal, ptr %info, ptr %context)
  %interrupt = call i64 @trap_kind.interrupt()
  %running = call ptr @activation_in_code(ptr %context)
  %is_elsewhere = icmp eq ptr %running, null
  br i1 %is_elsewhere, label %elsewhere, label %leave
leave:
  %pc = call i64 @context.pc(ptr %context)
  %sp = call i64 @context.sp(ptr %context)
  %fp = call i64 @context.fp(ptr %context)
  %number = zext i32 %signal to i64
  call void @record(ptr %running, i64 %interrupt, i64 -1, i64 %pc, i64 %sp, i64 %fp)
  call void @activation.signal.set(ptr %running, i64 %number)
  call void @context.land(ptr %context, ptr %running)
  ret void
elsewhere:
  ; In a host function, a builtin or the glue: noticed on the way back into compiled code.
  %activation = call ptr @innermost_activation()
  %is_idle = icmp eq ptr %activation, null
  br i1 %is_idle, label %done, label %note
note:
  %limits = call ptr @activation.limits(ptr %activation)
  %pending = call i64 @limits.pending_error(ptr %limits)
  %none = call i64 @pending.none()
  %is_free = icmp eq i64 %pending, %none
  br i1 %is_free, label %mark, label %done
mark:
  %noted = call i64 @pending.interrupt()
  call void @limits.pending_error.set(ptr %limits, i64 %noted)
  br label %done
done:
  ret void
}

; Does with the signal what would have happened without this generation of the handler. Handlers get
; the three arguments of SA_SIGINFO whether they asked or not: so does the kernel.
define internal void @chain(i64 %generation, i32 %signal, ptr %info, ptr %context) nounwind {
  %slot = getelementptr %handler_table, ptr @previous_handlers, i64 0, i32 %signal,
      i64 %generation
  %handler = call i64 @previous_handler.handler(ptr %slot)
  %resets = call i64 @previous_handler.resets(ptr %slot)
  %resets_now = icmp ne i64 %resets, 0
  br i1 %resets_now, label %reset, label %dispatch
reset:
  call void @previous_handler.handler.set(ptr %slot, i64 0)
  br label %dispatch
dispatch:
  switch i64 %handler, label %call [
    i64 0, label %default
    i64 1, label %ignored
  ]
call:
  %function = inttoptr i64 %handler to ptr
  call void %function(i32 %signal, ptr %info, ptr %context)
  ret void
ignored:
  ; A fault cannot be ignored: the kernel would take the default action too.
  %is_fault = call i1 @is_fault(i32 %signal, ptr %info)
  br i1 %is_fault, label %default, label %done
default:
  %sigaction = load ptr, ptr @libc.sigaction
  %failed = call i32 %sigaction(i32 %signal, ptr @default_action, ptr null)
  %repeats = call i1 @is_fault(i32 %signal, ptr %info)
  br i1 %repeats, label %done, label %raise
raise:
  %self = load ptr, ptr @libc.pthread_self
  %thread = call i64 %self()
  %kill = load ptr, ptr @libc.pthread_kill
  %unsent = call i32 %kill(i64 %thread, i32 %signal)
  br label %done
done:
  ret void
}

; Whether returning runs into the same signal again. (Ctrl-C on a terminal is sent by the kernel.)
define internal i1 @is_fault(i32 %signal, ptr %info) nounwind {
  %is_interrupt = icmp eq i32 %signal, 2
  %is_sent = call i1 @is_sent(ptr %info)
  %either = or i1 %is_interrupt, %is_sent
  %is_fault = xor i1 %either, true
  ret i1 %is_fault
}
