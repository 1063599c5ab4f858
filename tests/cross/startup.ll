; The start-up object: all that runs in an executable besides compiled code. It makes a script's calls one
; after the other, compares outcomes, writes a line for each that is wrong, and exits with 1 if there
; was any. startup.py makes it machine code and adds what is no LLVM IR; executable.py lays out the data.
;
; Nothing is kept in registers or on the stack from one call to the next: after a trap the handler just
; goes on with the next call, on a fresh stack.

%Call = type {
  ptr, ; 0: function, of the array convention
  ptr, ; 1: its VMContext
  ptr, ; 2: value slots
  i64, ; 3: number of them
  i64, ; 4: the outcomes that are right, as a set: bit n is trap code n
  ptr, ; 5: %Result of each slot that is compared
  i64, ; 6: number of them
  ptr  ; 7: %Text, the line to write if the outcome is another
}
%Result = type { [2 x i64], [2 x i64] } ; bits, and a mask of those that count
%Text = type { i64, [0 x i8] }
%Site = type { i64, i64 } ; pc of an instruction that can trap, trap code
%Definition = type { i64, i64 } ; VMMemoryDefinition: base, length
%Memory = type { ptr, i64 } ; %Definition, and the most pages it can have

@calls = external hidden global %Call
@calls_end = external hidden global %Call
@current = external hidden global ptr ; the %Call that is made or comes next
@failures = external hidden global i64
@sites = external hidden global %Site
@sites_end = external hidden global %Site
@stack_top = external hidden global i8
@action = external hidden global i8 ; struct sigaction: @on_signal

; (number, arguments...) -> result
declare hidden i64 @system_call(i64, i64, i64, i64, i64, i64, i64)
; (stack pointer, function): call a function on another stack, for good.
declare hidden void @on_stack(ptr, ptr) noreturn

define hidden void @_start() noreturn {
  %action = ptrtoint ptr @action to i64
  %ill = call i64 @system_call(i64 134, i64 4, i64 %action, i64 0, i64 8, i64 0, i64 0) ; rt_sigaction
  %trap = call i64 @system_call(i64 134, i64 5, i64 %action, i64 0, i64 8, i64 0, i64 0)
  %bus = call i64 @system_call(i64 134, i64 7, i64 %action, i64 0, i64 8, i64 0, i64 0)
  %segv = call i64 @system_call(i64 134, i64 11, i64 %action, i64 0, i64 8, i64 0, i64 0)
  store ptr @calls, ptr @current
  call void @on_stack(ptr @stack_top, ptr @make_calls)
  unreachable
}

; Makes the calls from the current one on, and exits.
define hidden void @make_calls() noreturn {
  br label %next
next:
  %call = load ptr, ptr @current
  %done = icmp eq ptr %call, @calls_end
  br i1 %done, label %exit, label %make
make:
  %vmctx.at = getelementptr %Call, ptr %call, i64 0, i32 1
  %slots.at = getelementptr %Call, ptr %call, i64 0, i32 2
  %count.at = getelementptr %Call, ptr %call, i64 0, i32 3
  %function = load ptr, ptr %call
  %vmctx = load ptr, ptr %vmctx.at
  %slots = load ptr, ptr %slots.at
  %count = load i64, ptr %count.at
  call void %function(ptr %vmctx, ptr %vmctx, ptr %slots, i64 %count)
  call void @judge(i64 63)
  br label %next
exit:
  %failures = load i64, ptr @failures
  %failed = icmp ne i64 %failures, 0
  %status = zext i1 %failed to i64
  %never = call i64 @system_call(i64 94, i64 %status, i64 0, i64 0, i64 0, i64 0, i64 0) ; exit_group
  unreachable
}

; Compares the outcome of the current call, which is a trap code, 62 for a signal that is no trap, or 63 if
; it returned; makes the next call the current one.
define hidden void @judge(i64 %outcome) {
  %call = load ptr, ptr @current
  %next = getelementptr %Call, ptr %call, i64 1
  store ptr %next, ptr @current
  %right.at = getelementptr %Call, ptr %call, i64 0, i32 4
  %right = load i64, ptr %right.at
  %from = lshr i64 %right, %outcome
  %is_right = trunc i64 %from to i1
  br i1 %is_right, label %results, label %wrong
results:
  %slots.at = getelementptr %Call, ptr %call, i64 0, i32 2
  %expected.at = getelementptr %Call, ptr %call, i64 0, i32 5
  %count.at = getelementptr %Call, ptr %call, i64 0, i32 6
  %slots = load ptr, ptr %slots.at
  %expected = load ptr, ptr %expected.at
  %count = load i64, ptr %count.at
  br label %each
each:
  %n = phi i64 [ 0, %results ], [ %n.next, %compare ]
  %all = icmp eq i64 %n, %count
  br i1 %all, label %end, label %compare
compare:
  %slot.at = getelementptr [2 x i64], ptr %slots, i64 %n
  %bits.at = getelementptr %Result, ptr %expected, i64 %n
  %mask.at = getelementptr %Result, ptr %expected, i64 %n, i32 1
  %slot = load i128, ptr %slot.at, align 8
  %bits = load i128, ptr %bits.at, align 8
  %mask = load i128, ptr %mask.at, align 8
  %differ = xor i128 %slot, %bits
  %differ.counts = and i128 %differ, %mask
  %equal = icmp eq i128 %differ.counts, 0
  %n.next = add i64 %n, 1
  br i1 %equal, label %each, label %wrong
wrong:
  %failures = load i64, ptr @failures
  %failures.more = add i64 %failures, 1
  store i64 %failures.more, ptr @failures
  %text.at = getelementptr %Call, ptr %call, i64 0, i32 7
  %text = load ptr, ptr %text.at
  %size = load i64, ptr %text
  %start = getelementptr %Text, ptr %text, i64 0, i32 1
  %start.bits = ptrtoint ptr %start to i64
  %written = call i64 @system_call(i64 64, i64 1, i64 %start.bits, i64 %size, i64 0, i64 0, i64 0) ; write
  br label %end
end:
  ret void
}

; The handler of signals. It is never returned from: SA_NODEFER lets the next signal come all the same.
define hidden void @on_signal(i32 %signal, ptr %info, ptr %context) noreturn {
  %pc.at = getelementptr i8, ptr %context, i64 440 ; ucontext.uc_mcontext.pc
  %pc = load i64, ptr %pc.at
  br label %each
each:
  %site = phi ptr [ @sites, %0 ], [ %site.next, %other ]
  %none = icmp eq ptr %site, @sites_end
  br i1 %none, label %end, label %look
look:
  %at = load i64, ptr %site
  %found = icmp eq i64 %at, %pc
  br i1 %found, label %trap, label %other
other:
  %site.next = getelementptr %Site, ptr %site, i64 1
  br label %each
trap:
  %code.at = getelementptr %Site, ptr %site, i64 0, i32 1
  %code = load i64, ptr %code.at
  br label %end
end:
  %outcome = phi i64 [ %code, %trap ], [ 62, %each ]
  call void @judge(i64 %outcome)
  call void @on_stack(ptr @stack_top, ptr @make_calls)
  unreachable
}

; The builtin that notes where an exception is thrown: nobody asks.
define hidden void @trace_exception(ptr %vmctx, ptr %exception) {
  ret void
}

; The builtin that scripts with memories need. The `store` field of a VMContext, which is the runtime's own,
; points to the %Memory of each memory of the instance.
define hidden i64 @memory32_grow(ptr %vmctx, i64 %delta, i32 %index) {
  %memories.at = getelementptr i8, ptr %vmctx, i64 40
  %memories = load ptr, ptr %memories.at
  %definition.at = getelementptr %Memory, ptr %memories, i32 %index
  %maximum.at = getelementptr %Memory, ptr %memories, i32 %index, i32 1
  %definition = load ptr, ptr %definition.at
  %maximum = load i64, ptr %maximum.at
  %length.at = getelementptr %Definition, ptr %definition, i64 0, i32 1
  %length = load i64, ptr %length.at
  %old = lshr i64 %length, 16
  %left = sub i64 %maximum, %old
  %fits = icmp ule i64 %delta, %left
  br i1 %fits, label %map, label %fail
map:
  %base = load i64, ptr %definition
  %end = add i64 %base, %length
  %more = shl i64 %delta, 16
  ; mmap: PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS. There is nothing behind a memory.
  %mapped = call i64 @system_call(i64 222, i64 %end, i64 %more, i64 3, i64 50, i64 -1, i64 0)
  %nothing = icmp eq i64 %delta, 0 ; mmap refuses that
  %in_place = icmp eq i64 %mapped, %end
  %done = or i1 %nothing, %in_place
  br i1 %done, label %grown, label %fail
grown:
  %length.new = add i64 %length, %more
  store i64 %length.new, ptr %length.at
  ret i64 %old
fail:
  ret i64 -1
}
