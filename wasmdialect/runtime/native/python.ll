; Calls between Python and compiled code, as a C extension would make them: Python's objects to values
; and back, with and without the GIL. What needs Python code (references, vectors, errors) goes to
; methods of StoreState; the others take no Python code at all. A store is known here by its
; "subject", which has it as its attribute `state`: a Store, a Caller, or the StoreState.
;
; Only functions of Python's stable API are used, and `ob_type` (see @type_offset). Like these, functions
; here return null, or -1, with an exception set.

; Python's C API, found under the name after the dot.
@python.PyBytes_AsString = dso_local global ptr null
@python.PyBytes_FromStringAndSize = dso_local global ptr null
@python.PyCFunction_NewEx = dso_local global ptr null
@python.PyErr_Clear = dso_local global ptr null
@python.PyErr_Fetch = dso_local global ptr null
@python.PyErr_NormalizeException = dso_local global ptr null
@python.PyErr_Occurred = dso_local global ptr null
@python.PyErr_SetNone = dso_local global ptr null
@python.PyEval_RestoreThread = dso_local global ptr null
@python.PyEval_SaveThread = dso_local global ptr null
@python.PyException_SetTraceback = dso_local global ptr null
@python.PyFloat_AsDouble = dso_local global ptr null
@python.PyFloat_FromDouble = dso_local global ptr null
@python.PyList_GetItem = dso_local global ptr null
@python.PyList_New = dso_local global ptr null
@python.PyList_SetItem = dso_local global ptr null
@python.PyList_Size = dso_local global ptr null
@python.PyLong_AsLongLongAndOverflow = dso_local global ptr null
@python.PyLong_AsUnsignedLongLong = dso_local global ptr null
@python.PyLong_FromLongLong = dso_local global ptr null
@python.PyLong_FromUnsignedLongLong = dso_local global ptr null
@python.PyObject_GetAttr = dso_local global ptr null
@python.PyObject_Vectorcall = dso_local global ptr null
@python.PyTuple_GetItem = dso_local global ptr null
@python.PyTuple_Size = dso_local global ptr null
@python.Py_DecRef = dso_local global ptr null
@python.Py_IncRef = dso_local global ptr null

; Python objects, filled in by glue.py, which keeps them alive.
@object.int = dso_local global ptr null
@object.float = dso_local global ptr null
@object.list = dso_local global ptr null
@object.tuple = dso_local global ptr null
@object.None = dso_local global ptr null
@object.RuntimeError = dso_local global ptr null
@object.new_thread = dso_local global ptr null ; makes the THREAD of the calling thread
@object.put_in_place = dso_local global ptr null ; puts displaced signal handlers back

; Names of attributes: interned strings.
@name.state = dso_local global ptr null
@name._id = dso_local global ptr null
@name.left = dso_local global ptr null
@name.check = dso_local global ptr null
@name.fail = dso_local global ptr null
@name.call_host = dso_local global ptr null
@name.put_results = dso_local global ptr null

; Where `ob_type` is in an object: the last word of its head, whose size depends on Python's build.
@type_offset = dso_local global i64 0

; ---- Python calls compiled code --------------------------------------------------------------

; A function of a store as a Python callable: f(store, *parameters), METH_FASTCALL. `self` is a tuple: the
; bytes of a WASM_FUNCTION, and (reference, function), which together do what is not done here: in
; wrong calls, other kinds of arguments, references and vectors.
define dso_local ptr @call_function(ptr %self, ptr %arguments, i64 %given, ptr %keywords) nounwind {
  %now = call i64 @ticks()
  %item = load ptr, ptr @python.PyTuple_GetItem
  %content = load ptr, ptr @python.PyBytes_AsString
  %bytes = call ptr %item(ptr %self, i64 0)
  %function = call ptr %content(ptr %bytes)
  %param_count = call i64 @wasm_function.param_count(ptr %function)
  %result_count = call i64 @wasm_function.result_count(ptr %function)
  %expected = add i64 %param_count, 1
  %is_enough = icmp eq i64 %given, %expected
  %is_positional = icmp eq ptr %keywords, null
  %is_right = and i1 %is_enough, %is_positional
  br i1 %is_right, label %find, label %other
find:
  %subject = load ptr, ptr %arguments
  %id = call ptr @wasm_function.store_id(ptr %function)
  %is_its = call i1 @has_id(ptr %subject, ptr %id)
  br i1 %is_its, label %convert, label %other
convert:
  %slot_count = call i64 @llvm.umax.i64(i64 %param_count, i64 %result_count)
  %slot_size = call i64 @value_slot_size()
  %size = mul i64 %slot_count, %slot_size
  %slots = alloca i8, i64 %size, align 16
  %codes = call ptr @wasm_function.codes(ptr %function)
  %parameters = getelementptr ptr, ptr %arguments, i64 1
  %is_plain = call i1 @put_numbers(ptr %parameters, i64 %param_count, ptr %codes, ptr %slots)
  br i1 %is_plain, label %enter, label %other
enter:
  %store = call ptr @wasm_function.store(ptr %function) ; which lives as long as the subject
  %code = call ptr @wasm_function.array_call(ptr %function)
  %vmctx = call ptr @wasm_function.vmctx(ptr %function)
  %left = alloca ptr
  %has_returned = call i1 @enter_store(i64 %now, ptr %subject, ptr %store, ptr %code, ptr %vmctx,
      ptr %vmctx, ptr %slots, i64 %slot_count, ptr %left)
  br i1 %has_returned, label %results, label %done, !prof !0
results:
  %result_codes = getelementptr i8, ptr %codes, i64 %param_count
  switch i64 %result_count, label %many [
    i64 0, label %nothing
    i64 1, label %one
  ]
nothing:
  %none = load ptr, ptr @object.None
  call void @keep(ptr %none)
  ret ptr %none
one:
  %result_code = load i8, ptr %result_codes
  %result = call ptr @number(i8 %result_code, ptr %slots)
  ret ptr %result
many:
  %list = call ptr @number_list(ptr %result_codes, i64 %result_count, ptr %slots)
  ret ptr %list
done:
  %answer_left = load ptr, ptr %left
  ret ptr %answer_left
other:
  %answer = call ptr @call_in_python(ptr %self, ptr %arguments, i64 %given, ptr %keywords)
  ret ptr %answer
}

; Whether an object is a store with this mark.
define internal i1 @has_id(ptr %subject, ptr %id) nounwind {
  %get = load ptr, ptr @python.PyObject_GetAttr
  %name = load ptr, ptr @name._id
  %actual = call ptr %get(ptr %subject, ptr %name)
  %is_none = icmp eq ptr %actual, null
  br i1 %is_none, label %clear, label %compare, !prof !1
compare:
  call void @release(ptr %actual) ; the function keeps `id` alive
  %is_its = icmp eq ptr %actual, %id
  ret i1 %is_its
clear:
  %drop = load ptr, ptr @python.PyErr_Clear
  call void %drop()
  ret i1 false
}

; Calls `function(reference, *arguments)`, of the items of `self`; the values of keywords follow the others.
define internal ptr @call_in_python(ptr %self, ptr %arguments, i64 %given, ptr %keywords)
    noinline nounwind {
  %item = load ptr, ptr @python.PyTuple_GetItem
  %reference = call ptr %item(ptr %self, i64 1)
  %function = call ptr %item(ptr %self, i64 2)
  %has_none = icmp eq ptr %keywords, null
  br i1 %has_none, label %call, label %count
count:
  %size_of = load ptr, ptr @python.PyTuple_Size
  %named = call i64 %size_of(ptr %keywords)
  br label %call
call:
  %others = phi i64 [ 0, %0 ], [ %named, %count ]
  %values = add i64 %given, %others
  %places = add i64 %values, 1
  %all = alloca ptr, i64 %places
  store ptr %reference, ptr %all
  %rest = getelementptr ptr, ptr %all, i64 1
  %size = shl i64 %values, 3
  %move = load ptr, ptr @libc.memmove
  %same = call ptr %move(ptr %rest, ptr %arguments, i64 %size)
  %positional = add i64 %given, 1
  %vectorcall = load ptr, ptr @python.PyObject_Vectorcall
  %result = call ptr %vectorcall(ptr %function, ptr %all, i64 %positional, ptr %keywords)
  ret ptr %result
}

; (subject, store, function, callee_vmctx, caller_vmctx, slots, slot_count): the same for callers that
; have filled the slots themselves. All but the first are addresses or numbers.
define dso_local ptr @enter_from_python(ptr %self, ptr %arguments, i64 %given) nounwind {
  %now = call i64 @ticks()
  %numbers = alloca [6 x i64]
  %is_right = icmp eq i64 %given, 7
  br i1 %is_right, label %read, label %wrong
read:
  %after_subject = getelementptr ptr, ptr %arguments, i64 1
  %is_read = call i1 @read_numbers(ptr %after_subject, i64 6, ptr %numbers)
  br i1 %is_read, label %enter, label %failed
enter:
  %subject = load ptr, ptr %arguments
  %store_place = getelementptr ptr, ptr %numbers, i64 0
  %store = load ptr, ptr %store_place
  %function_place = getelementptr ptr, ptr %numbers, i64 1
  %function = load ptr, ptr %function_place
  %callee_place = getelementptr ptr, ptr %numbers, i64 2
  %callee = load ptr, ptr %callee_place
  %caller_place = getelementptr ptr, ptr %numbers, i64 3
  %caller = load ptr, ptr %caller_place
  %slots_place = getelementptr ptr, ptr %numbers, i64 4
  %slots = load ptr, ptr %slots_place
  %count_place = getelementptr i64, ptr %numbers, i64 5
  %count = load i64, ptr %count_place
  %left = alloca ptr
  %has_returned = call i1 @enter_store(i64 %now, ptr %subject, ptr %store, ptr %function, ptr %callee,
      ptr %caller, ptr %slots, i64 %count, ptr %left)
  br i1 %has_returned, label %nothing, label %done
nothing:
  %none = load ptr, ptr @object.None
  call void @keep(ptr %none)
  ret ptr %none
done:
  %answer = load ptr, ptr %left
  ret ptr %answer
wrong:
  %raise = load ptr, ptr @python.PyErr_SetNone
  %kind = load ptr, ptr @object.RuntimeError
  call void %raise(ptr %kind)
  br label %failed
failed:
  ret ptr null
}

; Arguments as unsigned numbers, at least one. False: an exception is set.
define internal i1 @read_numbers(ptr %arguments, i64 %count, ptr %numbers) nounwind {
entry:
  br label %argument
argument:
  %index = phi i64 [ 0, %entry ], [ %next, %argument ]
  %place = getelementptr ptr, ptr %arguments, i64 %index
  %object = load ptr, ptr %place
  %as_number = load ptr, ptr @python.PyLong_AsUnsignedLongLong
  %number = call i64 %as_number(ptr %object)
  %slot = getelementptr i64, ptr %numbers, i64 %index
  store i64 %number, ptr %slot
  %next = add i64 %index, 1
  %is_last = icmp eq i64 %next, %count
  br i1 %is_last, label %check, label %argument
check:
  %occurred = load ptr, ptr @python.PyErr_Occurred
  %error = call ptr %occurred()
  %is_clean = icmp eq ptr %error, null
  ret i1 %is_clean
}

; Enters compiled code of a store on behalf of Python: with the GIL before and after, without it in
; between. The call began at `now`. Whether it returned; if not, `answer` is null with an exception set, or
; what the method `left` of the store returned for the record of how the call ended.
define internal i1 @enter_store(i64 %now, ptr %subject, ptr %store, ptr %function, ptr %callee_vmctx,
    ptr %caller_vmctx, ptr %slots, i64 %slot_count, ptr %answer) noinline nounwind {
  %size = call i64 @activation_size()
  %activation = alloca i8, i64 %size, align 8
  %thread = call ptr @ready_thread(i64 %now)
  %is_unready = icmp eq ptr %thread, null
  br i1 %is_unready, label %refused, label %take
take:
  %identify = load ptr, ptr @libc.pthread_self
  %self = call i64 %identify()
  %user = call i64 @store.user(ptr %store)
  %is_free = icmp eq i64 %user, 0
  %is_own = icmp eq i64 %user, %self
  %is_allowed = or i1 %is_free, %is_own
  %openness = call i64 @store.is_open(ptr %store)
  %is_open = icmp ne i64 %openness, 0
  %is_fine = and i1 %is_allowed, %is_open
  br i1 %is_fine, label %enter, label %check, !prof !0
check:
  %check_name = load ptr, ptr @name.check
  %complaint = call ptr @call_method(ptr %subject, ptr %check_name, ptr null)
  %is_refused = icmp eq ptr %complaint, null
  br i1 %is_refused, label %refused, label %again
again:
  call void @release(ptr %complaint) ; the other thread has left meanwhile
  br label %take
enter:
  call void @store.user.set(ptr %store, i64 %self)
  call void @activation.subject.set(ptr %activation, ptr %subject)
  call void @activation.ran_python.set(ptr %activation, i64 0)
  call void @give_gil(ptr %activation)
  %status = call i64 @enter(ptr %thread, ptr %activation, ptr %store, ptr %function,
      ptr %callee_vmctx, ptr %caller_vmctx, ptr %slots, i64 %slot_count)
  call void @take_gil(ptr %activation)
  %returned = call i64 @status.returned()
  %has_returned = icmp eq i64 %status, %returned
  br i1 %has_returned, label %done, label %trapped, !prof !0
done:
  call void @store.user.set(ptr %store, i64 %user)
  call void @note_end(ptr %thread, ptr %activation)
  ret i1 true
trapped:
  %reported = call ptr @report(ptr %subject, ptr %activation)
  call void @store.user.set(ptr %store, i64 %user)
  store ptr %reported, ptr %answer
  ret i1 false
refused:
  store ptr null, ptr %answer
  ret i1 false
}

; The THREAD of the calling thread, with the signal handlers in place if this is its outermost call.
define internal ptr @ready_thread(i64 %now) nounwind {
  %known = call ptr @this_thread()
  %is_new = icmp eq ptr %known, null
  br i1 %is_new, label %make, label %look, !prof !1
make:
  %maker = load ptr, ptr @object.new_thread
  %call = load ptr, ptr @python.PyObject_Vectorcall
  %made = call ptr %call(ptr %maker, ptr null, i64 0, ptr null)
  %has_failed = icmp eq ptr %made, null
  br i1 %has_failed, label %failed, label %again
again:
  call void @release(ptr %made)
  %new = call ptr @this_thread()
  br label %look
look:
  %thread = phi ptr [ %known, %0 ], [ %new, %again ]
  %innermost = call ptr @thread.innermost(ptr %thread)
  %is_outermost = icmp eq ptr %innermost, null
  br i1 %is_outermost, label %check, label %ready
check:
  %is_in_place = call i1 @handlers_in_place(ptr %thread, i64 %now)
  br i1 %is_in_place, label %ready, label %displaced, !prof !0
displaced:
  %put = load ptr, ptr @object.put_in_place
  %vectorcall = load ptr, ptr @python.PyObject_Vectorcall
  %done = call ptr %vectorcall(ptr %put, ptr null, i64 0, ptr null)
  %was_refused = icmp eq ptr %done, null
  br i1 %was_refused, label %failed, label %restored
restored:
  call void @release(ptr %done)
  br label %ready
ready:
  ret ptr %thread
failed:
  ret ptr null
}

; Calls the method `left` of the store with the words of the activation and the program
; counters that were kept.
define internal ptr @report(ptr %subject, ptr %activation) noinline nounwind {
  %count = call i64 @activation.frame_count(ptr %activation)
  %capacity = call i64 @frame_capacity()
  %kept = call i64 @llvm.umin.i64(i64 %count, i64 %capacity)
  %frames_size = shl i64 %kept, 3
  %words_size = call i64 @activation_size()
  %size = add i64 %words_size, %frames_size
  %new = load ptr, ptr @python.PyBytes_FromStringAndSize
  %record = call ptr %new(ptr null, i64 %size)
  %has_failed = icmp eq ptr %record, null
  br i1 %has_failed, label %failed, label %fill
fill:
  %content = load ptr, ptr @python.PyBytes_AsString
  %words = call ptr %content(ptr %record)
  %move = load ptr, ptr @libc.memmove
  %moved = call ptr %move(ptr %words, ptr %activation, i64 %words_size)
  %rest = getelementptr i8, ptr %words, i64 %words_size
  %frames = call ptr @activation.frames(ptr %activation)
  %added = call ptr %move(ptr %rest, ptr %frames, i64 %frames_size)
  %left = load ptr, ptr @name.left
  %answer = call ptr @call_method(ptr %subject, ptr %left, ptr %record)
  call void @release(ptr %record)
  ret ptr %answer
failed:
  ret ptr null
}

; The StoreState of the store whose code runs on this thread, a METH_NOARGS function.
define dso_local ptr @running_store(ptr %self, ptr %nothing) nounwind {
  %activation = call ptr @innermost_activation()
  %is_none = icmp eq ptr %activation, null
  br i1 %is_none, label %outside, label %inside
inside:
  %subject = call ptr @activation.subject(ptr %activation)
  %get = load ptr, ptr @python.PyObject_GetAttr
  %name = load ptr, ptr @name.state
  %state = call ptr %get(ptr %subject, ptr %name)
  ret ptr %state
outside:
  %raise = load ptr, ptr @python.PyErr_SetNone
  %kind = load ptr, ptr @object.RuntimeError
  call void %raise(ptr %kind)
  ret ptr null
}

; ---- Compiled code calls Python --------------------------------------------------------------

; The `array_call` of every host function.
define dso_local void @call_host(ptr %context, ptr %caller, ptr %slots, i64 %slot_count) nounwind {
  %activation = call ptr @innermost_activation()
  %is_outside = icmp eq ptr %activation, null
  br i1 %is_outside, label %outside, label %inside
outside:
  call void @llvm.trap() ; compiled code that was not entered through @enter: whose is it?
  unreachable
inside:
  call void @activation.ran_python.set(ptr %activation, i64 1)
  call void @take_gil(ptr %activation)
  %host = call ptr @host_context.state(ptr %context)
  %function = call ptr @host_function.function(ptr %host)
  %is_plain = icmp ne ptr %function, null
  br i1 %is_plain, label %plain, label %other
plain:
  %fine = call i1 @call_plain(ptr %activation, ptr %context, ptr %host, ptr %function, ptr %slots,
      i64 %slot_count)
  br i1 %fine, label %done, label %failed, !prof !0
other:
  %method = load ptr, ptr @name.call_host
  %also_fine = call i1 @call_with_addresses(ptr %activation, ptr %method, ptr %context, ptr %caller,
      ptr %slots, i64 %slot_count, ptr null)
  br i1 %also_fine, label %done, label %failed, !prof !0
failed:
  call void @fail(ptr %activation, ptr %caller)
  br label %done
done:
  call void @give_gil(ptr %activation)
  ret void
}

; Calls a function whose parameters and results are numbers. False: an exception is set.
define internal i1 @call_plain(ptr %activation, ptr %context, ptr %host, ptr %function, ptr %slots,
    i64 %slot_count) nounwind {
  %param_count = call i64 @host_function.param_count(ptr %host)
  %codes = call ptr @host_function.codes(ptr %host)
  ; One place more, in front, for a bound method's self (PY_VECTORCALL_ARGUMENTS_OFFSET).
  %places = add i64 %param_count, 1
  %all = alloca ptr, i64 %places
  %arguments = getelementptr ptr, ptr %all, i64 1
  %made = call i64 @make_numbers(ptr %codes, i64 %param_count, ptr %slots, ptr %arguments)
  %is_complete = icmp eq i64 %made, %param_count
  br i1 %is_complete, label %call, label %given_up, !prof !0
call:
  %vectorcall = load ptr, ptr @python.PyObject_Vectorcall
  %count = or i64 %param_count, -9223372036854775808
  %result = call ptr %vectorcall(ptr %function, ptr %arguments, i64 %count, ptr null)
  call void @release_all(ptr %arguments, i64 %made)
  %is_null = icmp eq ptr %result, null
  br i1 %is_null, label %failed, label %convert, !prof !1
convert:
  %result_codes = getelementptr i8, ptr %codes, i64 %param_count
  %result_count = call i64 @host_function.result_count(ptr %host)
  %is_put = call i1 @put_returned(ptr %result, i64 %result_count, ptr %result_codes, ptr %slots)
  br i1 %is_put, label %done, label %other, !prof !0
other:
  %method = load ptr, ptr @name.put_results
  %is_put_after_all = call i1 @call_with_addresses(ptr %activation, ptr %method, ptr %context,
      ptr null, ptr %slots, i64 %slot_count, ptr %result)
  call void @release(ptr %result)
  ret i1 %is_put_after_all
done:
  call void @release(ptr %result)
  ret i1 true
given_up:
  call void @release_all(ptr %arguments, i64 %made)
  br label %failed
failed:
  ret i1 false
}

; What a host function returned: None, a number, or a list or tuple of numbers. False if it is something
; else, or not as many.
define internal i1 @put_returned(ptr %result, i64 %count, ptr %codes, ptr %slots) nounwind {
  switch i64 %count, label %many [
    i64 0, label %nothing
    i64 1, label %one
  ]
nothing:
  %none = load ptr, ptr @object.None
  %is_none = icmp eq ptr %result, %none
  ret i1 %is_none
one:
  %code = load i8, ptr %codes
  %is_put = call i1 @put_number(ptr %result, i8 %code, ptr %slots)
  ret i1 %is_put
many:
  %type = call ptr @type_of(ptr %result)
  %list = load ptr, ptr @object.list
  %is_list = icmp eq ptr %type, %list
  %tuple = load ptr, ptr @object.tuple
  %is_tuple = icmp eq ptr %type, %tuple
  %is_either = or i1 %is_list, %is_tuple
  br i1 %is_either, label %measure, label %no
measure:
  %size_of_list = load ptr, ptr @python.PyList_Size
  %size_of_tuple = load ptr, ptr @python.PyTuple_Size
  %size_of = select i1 %is_list, ptr %size_of_list, ptr %size_of_tuple
  %size = call i64 %size_of(ptr %result)
  %is_right = icmp eq i64 %size, %count
  %item_of_list = load ptr, ptr @python.PyList_GetItem
  %item_of_tuple = load ptr, ptr @python.PyTuple_GetItem
  %item_of = select i1 %is_list, ptr %item_of_list, ptr %item_of_tuple
  br i1 %is_right, label %item, label %no
item:
  %index = phi i64 [ 0, %measure ], [ %next, %put ]
  %object = call ptr %item_of(ptr %result, i64 %index)
  %code_place = getelementptr i8, ptr %codes, i64 %index
  %item_code = load i8, ptr %code_place
  %slot = call ptr @slot(ptr %slots, i64 %index)
  %is_number = call i1 @put_number(ptr %object, i8 %item_code, ptr %slot)
  br i1 %is_number, label %put, label %no
put:
  %next = add i64 %index, 1
  %is_last = icmp eq i64 %next, %count
  br i1 %is_last, label %yes, label %item
yes:
  ret i1 true
no:
  ret i1 false
}

; The current exception becomes the store's, which throws it into the code of the VMContext `caller`, or
; has that left as soon as it is back there.
define internal void @fail(ptr %activation, ptr %caller) noinline nounwind {
  %arguments = alloca [2 x ptr]
  %number = alloca ptr
  %kind = alloca ptr
  %value = alloca ptr
  %traceback = alloca ptr
  %fetch = load ptr, ptr @python.PyErr_Fetch
  call void %fetch(ptr %kind, ptr %value, ptr %traceback)
  %normalize = load ptr, ptr @python.PyErr_NormalizeException
  call void %normalize(ptr %kind, ptr %value, ptr %traceback)
  %error = load ptr, ptr %value
  %its_traceback = load ptr, ptr %traceback
  %has_traceback = icmp ne ptr %its_traceback, null
  br i1 %has_traceback, label %attach, label %tell
attach:
  %set = load ptr, ptr @python.PyException_SetTraceback
  %failed = call i32 %set(ptr %error, ptr %its_traceback)
  call void @release(ptr %its_traceback)
  br label %tell
tell:
  %its_kind = load ptr, ptr %kind
  call void @release(ptr %its_kind)
  store ptr %error, ptr %arguments
  store ptr %caller, ptr %number
  %caller_place = getelementptr ptr, ptr %arguments, i64 1
  %made = call i64 @make_integers(ptr %number, i64 1, ptr %caller_place)
  %is_made = icmp eq i64 %made, 1
  br i1 %is_made, label %find, label %lost
find:
  %subject = call ptr @activation.subject(ptr %activation)
  %name = load ptr, ptr @name.fail
  %method = call ptr @method_of(ptr %subject, ptr %name)
  %is_found = icmp ne ptr %method, null
  br i1 %is_found, label %call, label %forget
call:
  %vectorcall = load ptr, ptr @python.PyObject_Vectorcall
  %answer = call ptr %vectorcall(ptr %method, ptr %arguments, i64 2, ptr null)
  call void @release(ptr %method)
  %was_told = icmp ne ptr %answer, null
  br i1 %was_told, label %done, label %forget
forget:
  %its_caller = load ptr, ptr %caller_place
  call void @release(ptr %its_caller)
  br label %lost
done:
  %spent = load ptr, ptr %caller_place
  call void @release(ptr %spent)
  call void @release(ptr %error)
  call void @release(ptr %answer)
  ret void
lost:
  ; A second failure. Compiled code must be left all the same.
  call void @release(ptr %error)
  %clear = load ptr, ptr @python.PyErr_Clear
  call void %clear()
  %limits = call ptr @activation.limits(ptr %activation)
  %pending = call i64 @pending.host_error()
  call void @limits.pending_error.set(ptr %limits, i64 %pending)
  ret void
}

; ---- The GIL ---------------------------------------------------------------------------------

define internal void @give_gil(ptr %activation) nounwind {
  %save = load ptr, ptr @python.PyEval_SaveThread
  %thread_state = call ptr %save()
  call void @activation.thread_state.set(ptr %activation, ptr %thread_state)
  ret void
}

define internal void @take_gil(ptr %activation) nounwind {
  %thread_state = call ptr @activation.thread_state(ptr %activation)
  %restore = load ptr, ptr @python.PyEval_RestoreThread
  call void %restore(ptr %thread_state)
  ret void
}

; ---- Objects and values ----------------------------------------------------------------------

define internal void @keep(ptr %object) nounwind {
  %keep = load ptr, ptr @python.Py_IncRef
  call void %keep(ptr %object)
  ret void
}

define internal void @release(ptr %object) nounwind {
  %release = load ptr, ptr @python.Py_DecRef
  call void %release(ptr %object)
  ret void
}

define internal void @release_all(ptr %objects, i64 %count) nounwind {
entry:
  br label %look
look:
  %index = phi i64 [ 0, %entry ], [ %next, %one ]
  %is_end = icmp eq i64 %index, %count
  br i1 %is_end, label %done, label %one
one:
  %place = getelementptr ptr, ptr %objects, i64 %index
  %object = load ptr, ptr %place
  call void @release(ptr %object)
  %next = add i64 %index, 1
  br label %look
done:
  ret void
}

define internal ptr @type_of(ptr %object) alwaysinline nounwind {
  %offset = load i64, ptr @type_offset
  %place = getelementptr i8, ptr %object, i64 %offset
  %type = load ptr, ptr %place
  ret ptr %type
}

define internal ptr @slot(ptr %slots, i64 %index) alwaysinline nounwind {
  %size = call i64 @value_slot_size()
  %offset = mul i64 %index, %size
  %slot = getelementptr i8, ptr %slots, i64 %offset
  ret ptr %slot
}

; A method of a store's StoreState: a new reference.
define internal ptr @method_of(ptr %subject, ptr %name) noinline nounwind {
  %get = load ptr, ptr @python.PyObject_GetAttr
  %state_name = load ptr, ptr @name.state
  %state = call ptr %get(ptr %subject, ptr %state_name)
  %is_missing = icmp eq ptr %state, null
  br i1 %is_missing, label %failed, label %look
look:
  %method = call ptr %get(ptr %state, ptr %name)
  call void @release(ptr %state)
  ret ptr %method
failed:
  ret ptr null
}

; Calls a method of a store with one argument, or none if that is null.
define internal ptr @call_method(ptr %subject, ptr %name, ptr %argument) noinline nounwind {
  %place = alloca ptr
  store ptr %argument, ptr %place
  %method = call ptr @method_of(ptr %subject, ptr %name)
  %is_missing = icmp eq ptr %method, null
  br i1 %is_missing, label %failed, label %call
call:
  %is_given = icmp ne ptr %argument, null
  %count = zext i1 %is_given to i64
  %vectorcall = load ptr, ptr @python.PyObject_Vectorcall
  %result = call ptr %vectorcall(ptr %method, ptr %place, i64 %count, ptr null)
  call void @release(ptr %method)
  ret ptr %result
failed:
  ret ptr null
}

; Calls a method of the store with a host function's context, its caller, its slots and how many
; they are, and an object if it is not null. False: an exception is set.
define internal i1 @call_with_addresses(ptr %activation, ptr %name, ptr %context, ptr %caller,
    ptr %slots, i64 %slot_count, ptr %object) noinline nounwind {
  %arguments = alloca [5 x ptr]
  %numbers = alloca [4 x i64]
  store ptr %context, ptr %numbers
  %caller_place = getelementptr i64, ptr %numbers, i64 1
  store ptr %caller, ptr %caller_place
  %slots_place = getelementptr i64, ptr %numbers, i64 2
  store ptr %slots, ptr %slots_place
  %count_place = getelementptr i64, ptr %numbers, i64 3
  store i64 %slot_count, ptr %count_place
  %made = call i64 @make_integers(ptr %numbers, i64 4, ptr %arguments)
  %is_complete = icmp eq i64 %made, 4
  br i1 %is_complete, label %find, label %failed
find:
  %object_place = getelementptr ptr, ptr %arguments, i64 4
  store ptr %object, ptr %object_place
  %is_given = icmp ne ptr %object, null
  %more = zext i1 %is_given to i64
  %count = add i64 %more, 4
  %subject = call ptr @activation.subject(ptr %activation)
  %method = call ptr @method_of(ptr %subject, ptr %name)
  %is_missing = icmp eq ptr %method, null
  br i1 %is_missing, label %failed, label %call
call:
  %vectorcall = load ptr, ptr @python.PyObject_Vectorcall
  %result = call ptr %vectorcall(ptr %method, ptr %arguments, i64 %count, ptr null)
  call void @release(ptr %method)
  call void @release_all(ptr %arguments, i64 %made)
  %is_null = icmp eq ptr %result, null
  br i1 %is_null, label %raised, label %done
done:
  call void @release(ptr %result)
  ret i1 true
failed:
  call void @release_all(ptr %arguments, i64 %made)
  br label %raised
raised:
  ret i1 false
}

; Unsigned integers as objects; returns how many could be made.
define internal i64 @make_integers(ptr %numbers, i64 %count, ptr %objects) nounwind {
entry:
  br label %one
one:
  %index = phi i64 [ 0, %entry ], [ %next, %made ]
  %place = getelementptr i64, ptr %numbers, i64 %index
  %number = load i64, ptr %place
  %make = load ptr, ptr @python.PyLong_FromUnsignedLongLong
  %object = call ptr %make(i64 %number)
  %is_null = icmp eq ptr %object, null
  br i1 %is_null, label %done, label %made
made:
  %object_place = getelementptr ptr, ptr %objects, i64 %index
  store ptr %object, ptr %object_place
  %next = add i64 %index, 1
  %is_last = icmp eq i64 %next, %count
  br i1 %is_last, label %done, label %one
done:
  %number_made = phi i64 [ %index, %one ], [ %next, %made ]
  ret i64 %number_made
}

; The values in slots as objects; returns how many could be made.
define internal i64 @make_numbers(ptr %codes, i64 %count, ptr %slots, ptr %objects) nounwind {
entry:
  br label %look
look:
  %index = phi i64 [ 0, %entry ], [ %next, %made ]
  %is_end = icmp eq i64 %index, %count
  br i1 %is_end, label %done, label %one
one:
  %code_place = getelementptr i8, ptr %codes, i64 %index
  %code = load i8, ptr %code_place
  %slot = call ptr @slot(ptr %slots, i64 %index)
  %object = call ptr @number(i8 %code, ptr %slot)
  %is_null = icmp eq ptr %object, null
  br i1 %is_null, label %done, label %made
made:
  %place = getelementptr ptr, ptr %objects, i64 %index
  store ptr %object, ptr %place
  %next = add i64 %index, 1
  br label %look
done:
  ret i64 %index
}

; The same as a list.
define internal ptr @number_list(ptr %codes, i64 %count, ptr %slots) nounwind {
  %new = load ptr, ptr @python.PyList_New
  %list = call ptr %new(i64 %count)
  %has_failed = icmp eq ptr %list, null
  br i1 %has_failed, label %failed, label %one
one:
  %index = phi i64 [ 0, %0 ], [ %next, %made ]
  %code_place = getelementptr i8, ptr %codes, i64 %index
  %code = load i8, ptr %code_place
  %slot = call ptr @slot(ptr %slots, i64 %index)
  %object = call ptr @number(i8 %code, ptr %slot)
  %is_null = icmp eq ptr %object, null
  br i1 %is_null, label %drop, label %made
made:
  %set = load ptr, ptr @python.PyList_SetItem
  %unset = call i32 %set(ptr %list, i64 %index, ptr %object)
  %next = add i64 %index, 1
  %is_last = icmp eq i64 %next, %count
  br i1 %is_last, label %done, label %one
done:
  ret ptr %list
drop:
  call void @release(ptr %list)
  br label %failed
failed:
  ret ptr null
}

; The value in a slot as an object; integers are signed.
define internal ptr @number(i8 %code, ptr %slot) nounwind {
  %code.i32 = call i8 @number_code.i32()
  %code.i64 = call i8 @number_code.i64()
  %code.f32 = call i8 @number_code.f32()
  %is_i32 = icmp eq i8 %code, %code.i32
  br i1 %is_i32, label %i32, label %next
i32:
  %half = load i32, ptr %slot
  %wide = sext i32 %half to i64
  br label %integer
next:
  %is_i64 = icmp eq i8 %code, %code.i64
  br i1 %is_i64, label %i64, label %last
i64:
  %whole = load i64, ptr %slot
  br label %integer
integer:
  %value = phi i64 [ %wide, %i32 ], [ %whole, %i64 ]
  %make_integer = load ptr, ptr @python.PyLong_FromLongLong
  %integer_object = call ptr %make_integer(i64 %value)
  ret ptr %integer_object
last:
  %is_f32 = icmp eq i8 %code, %code.f32
  br i1 %is_f32, label %f32, label %f64
f32:
  %single = load float, ptr %slot
  %extended = fpext float %single to double
  br label %float
f64:
  %double = load double, ptr %slot
  br label %float
float:
  %number = phi double [ %extended, %f32 ], [ %double, %f64 ]
  %make_float = load ptr, ptr @python.PyFloat_FromDouble
  %float_object = call ptr %make_float(double %number)
  ret ptr %float_object
}

define internal i1 @put_numbers(ptr %objects, i64 %count, ptr %codes, ptr %slots) nounwind {
entry:
  br label %look
look:
  %index = phi i64 [ 0, %entry ], [ %next, %put ]
  %is_end = icmp eq i64 %index, %count
  br i1 %is_end, label %yes, label %one
one:
  %place = getelementptr ptr, ptr %objects, i64 %index
  %object = load ptr, ptr %place
  %code_place = getelementptr i8, ptr %codes, i64 %index
  %code = load i8, ptr %code_place
  %slot = call ptr @slot(ptr %slots, i64 %index)
  %is_put = call i1 @put_number(ptr %object, i8 %code, ptr %slot)
  br i1 %is_put, label %put, label %no
put:
  %next = add i64 %index, 1
  br label %look
yes:
  ret i1 true
no:
  ret i1 false
}

; Puts an `int` or a `float`, and nothing derived from them, into a slot. False, without an exception, if
; it is something else or does not fit: Python knows what to do or to say.
define internal i1 @put_number(ptr %object, i8 %code, ptr %slot) nounwind {
  %overflow = alloca i32
  %type = call ptr @type_of(ptr %object)
  %int = load ptr, ptr @object.int
  %is_int = icmp eq ptr %type, %int
  %code.i32 = call i8 @number_code.i32()
  %code.i64 = call i8 @number_code.i64()
  %wants_i32 = icmp eq i8 %code, %code.i32
  %wants_i64 = icmp eq i8 %code, %code.i64
  %wants_integer = or i1 %wants_i32, %wants_i64
  br i1 %wants_integer, label %integer, label %float
integer:
  br i1 %is_int, label %read, label %no
read:
  %as_integer = load ptr, ptr @python.PyLong_AsLongLongAndOverflow
  %value = call i64 %as_integer(ptr %object, ptr %overflow)
  %direction = load i32, ptr %overflow
  %fits_i64 = icmp eq i32 %direction, 0
  br i1 %wants_i32, label %i32, label %i64
i32:
  ; -2**31 <= value < 2**32
  %from_zero = add i64 %value, 2147483648
  %fits_i32 = icmp ult i64 %from_zero, 6442450944
  %fits_both = and i1 %fits_i64, %fits_i32
  br i1 %fits_both, label %store_i32, label %no
store_i32:
  %low = trunc i64 %value to i32
  store i32 %low, ptr %slot
  ret i1 true
i64:
  br i1 %fits_i64, label %store_i64, label %large
large:
  ; It may still be an unsigned one.
  %is_positive = icmp sgt i32 %direction, 0
  br i1 %is_positive, label %unsigned, label %no
unsigned:
  %as_unsigned = load ptr, ptr @python.PyLong_AsUnsignedLongLong
  %unsigned_value = call i64 %as_unsigned(ptr %object)
  %is_clean = call i1 @is_clean()
  br i1 %is_clean, label %store_i64, label %no
store_i64:
  %bits = phi i64 [ %value, %i64 ], [ %unsigned_value, %unsigned ]
  store i64 %bits, ptr %slot
  ret i1 true
float:
  %float_type = load ptr, ptr @object.float
  %is_float = icmp eq ptr %type, %float_type
  %is_number = or i1 %is_float, %is_int
  br i1 %is_number, label %read_float, label %no
read_float:
  %as_float = load ptr, ptr @python.PyFloat_AsDouble
  %number = call double %as_float(ptr %object)
  br i1 %is_int, label %check, label %narrow
check:
  %is_finite = call i1 @is_clean()
  br i1 %is_finite, label %narrow, label %no
narrow:
  %code.f32 = call i8 @number_code.f32()
  %wants_f32 = icmp eq i8 %code, %code.f32
  br i1 %wants_f32, label %f32, label %f64
f32:
  ; One that becomes infinite does not fit.
  %single = fptrunc double %number to float
  %magnitude = call float @llvm.fabs.f32(float %single)
  %is_infinite = fcmp oeq float %magnitude, 0x7FF0000000000000
  %magnitude_before = call double @llvm.fabs.f64(double %number)
  %was_infinite = fcmp oeq double %magnitude_before, 0x7FF0000000000000
  %is_new = xor i1 %is_infinite, %was_infinite
  br i1 %is_new, label %no, label %store_f32
store_f32:
  store float %single, ptr %slot
  ret i1 true
f64:
  store double %number, ptr %slot
  ret i1 true
no:
  ret i1 false
}

; Whether no exception is set. One that is, is dropped.
define internal i1 @is_clean() noinline nounwind {
  %occurred = load ptr, ptr @python.PyErr_Occurred
  %error = call ptr %occurred()
  %is_clean = icmp eq ptr %error, null
  br i1 %is_clean, label %yes, label %no
yes:
  ret i1 true
no:
  %clear = load ptr, ptr @python.PyErr_Clear
  call void %clear()
  ret i1 false
}

; ---- Memory of an instance -------------------------------------------------------------------

; (template, address): a copy of the bytes of a TEMPLATE, with its places made addresses.
define dso_local ptr @copy_template(ptr %self, ptr %arguments, i64 %given) nounwind {
  %numbers = alloca [2 x i64]
  %is_right = icmp eq i64 %given, 2
  br i1 %is_right, label %read, label %wrong
read:
  %is_read = call i1 @read_numbers(ptr %arguments, i64 2, ptr %numbers)
  br i1 %is_read, label %copy, label %failed
copy:
  %template = load ptr, ptr %numbers
  %address_place = getelementptr i64, ptr %numbers, i64 1
  %address = load i64, ptr %address_place
  %to = inttoptr i64 %address to ptr
  %content = call ptr @template.content(ptr %template)
  %size = call i64 @template.size(ptr %template)
  %places = call ptr @template.places(ptr %template)
  %count = call i64 @template.place_count(ptr %template)
  %move = load ptr, ptr @libc.memmove
  %same = call ptr %move(ptr %to, ptr %content, i64 %size)
  br label %look
look:
  %index = phi i64 [ 0, %copy ], [ %next, %one ]
  %is_end = icmp eq i64 %index, %count
  br i1 %is_end, label %done, label %one
one:
  %place = getelementptr i64, ptr %places, i64 %index
  %offset = load i64, ptr %place
  %word = getelementptr i8, ptr %to, i64 %offset
  %distance = load i64, ptr %word
  %absolute = add i64 %distance, %address
  store i64 %absolute, ptr %word
  %next = add i64 %index, 1
  br label %look
done:
  %none = load ptr, ptr @object.None
  call void @keep(ptr %none)
  ret ptr %none
wrong:
  %raise = load ptr, ptr @python.PyErr_SetNone
  %kind = load ptr, ptr @object.RuntimeError
  call void %raise(ptr %kind)
  br label %failed
failed:
  ret ptr null
}

; (size, start, accessible, file, mapped): the address of `size` bytes that cannot be accessed, but for the
; `accessible` ones from `start` on, of which the first `mapped` are those of a file, copied when they are
; written to; 0 if any of that is not possible. All are multiples of the page size.
define dso_local ptr @map_memory(ptr %self, ptr %arguments, i64 %given) nounwind {
  %numbers = alloca [5 x i64]
  %is_right = icmp eq i64 %given, 5
  br i1 %is_right, label %read, label %wrong
read:
  %is_read = call i1 @read_numbers(ptr %arguments, i64 5, ptr %numbers)
  br i1 %is_read, label %reserve, label %failed
reserve:
  %size = load i64, ptr %numbers
  %start_place = getelementptr i64, ptr %numbers, i64 1
  %start = load i64, ptr %start_place
  %accessible_place = getelementptr i64, ptr %numbers, i64 2
  %accessible = load i64, ptr %accessible_place
  %file_place = getelementptr i64, ptr %numbers, i64 3
  %file_number = load i64, ptr %file_place
  %file = trunc i64 %file_number to i32
  %mapped_place = getelementptr i64, ptr %numbers, i64 4
  %mapped = load i64, ptr %mapped_place
  %mmap = load ptr, ptr @libc.mmap
  ; PROT_NONE; MAP_PRIVATE 2, MAP_ANONYMOUS 0x20, MAP_NORESERVE 0x4000
  %whole = call i64 %mmap(ptr null, i64 %size, i32 0, i32 16418, i32 -1, i64 0)
  %is_refused = icmp eq i64 %whole, -1
  br i1 %is_refused, label %done, label %open
open:
  %first = add i64 %whole, %start
  %is_empty = icmp eq i64 %accessible, 0
  br i1 %is_empty, label %done, label %protect
protect:
  ; PROT_READ 1, PROT_WRITE 2
  %mprotect = load ptr, ptr @libc.mprotect
  %status = call i32 %mprotect(i64 %first, i64 %accessible, i32 3)
  %is_open = icmp eq i32 %status, 0
  br i1 %is_open, label %fill, label %undo
fill:
  %has_file = icmp ne i64 %mapped, 0
  br i1 %has_file, label %map, label %done
map:
  ; MAP_PRIVATE 2, MAP_FIXED 0x10, MAP_NORESERVE 0x4000
  %content = call i64 %mmap(i64 %first, i64 %mapped, i32 3, i32 16402, i32 %file, i64 0)
  %is_mapped = icmp eq i64 %content, %first
  br i1 %is_mapped, label %done, label %undo
undo:
  %munmap = load ptr, ptr @libc.munmap
  %unmapped = call i32 %munmap(i64 %whole, i64 %size)
  br label %done
done:
  %address = phi i64 [ 0, %reserve ], [ 0, %undo ], [ %whole, %open ], [ %whole, %fill ], [ %whole, %map ]
  %make = load ptr, ptr @python.PyLong_FromUnsignedLongLong
  %object = call ptr %make(i64 %address)
  ret ptr %object
wrong:
  %raise = load ptr, ptr @python.PyErr_SetNone
  %kind = load ptr, ptr @object.RuntimeError
  call void %raise(ptr %kind)
  br label %failed
failed:
  ret ptr null
}

; ---- Python functions of all this ------------------------------------------------------------

; PyMethodDef: name, function, flags (METH_FASTCALL 0x80, METH_KEYWORDS 2, METH_NOARGS 4, METH_O 8), docstring.
%method = type { ptr, ptr, i32, ptr }
@method.call_function = dso_local global %method
    { ptr @text.call, ptr @call_function, i32 130, ptr null }
@method.enter = dso_local global %method
    { ptr @text.enter, ptr @enter_from_python, i32 128, ptr null }
@method.running_store = dso_local global %method
    { ptr @text.running_store, ptr @running_store, i32 4, ptr null }
@method.copy_template = dso_local global %method
    { ptr @text.copy_template, ptr @copy_template, i32 128, ptr null }
@method.map_memory = dso_local global %method
    { ptr @text.map_memory, ptr @map_memory, i32 128, ptr null }
@method.callable = dso_local global %method { ptr @text.callable, ptr @callable, i32 8, ptr null }
@text.call = internal global [9 x i8] c"__call__\00"
@text.enter = internal global [6 x i8] c"enter\00"
@text.running_store = internal global [14 x i8] c"running_store\00"
@text.callable = internal global [9 x i8] c"callable\00"
@text.copy_template = internal global [14 x i8] c"copy_template\00"
@text.map_memory = internal global [11 x i8] c"map_memory\00"

; Makes the callable of a function from the tuple that it will have as `self`.
define dso_local ptr @callable(ptr %self, ptr %tuple) nounwind {
  %new = load ptr, ptr @python.PyCFunction_NewEx
  %function = call ptr %new(ptr @method.call_function, ptr %tuple, ptr null)
  ret ptr %function
}

declare float @llvm.fabs.f32(float)
declare double @llvm.fabs.f64(double)

!1 = !{!"branch_weights", i32 1, i32 1048575}
