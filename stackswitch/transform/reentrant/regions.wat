;; Regions: the C stacks of a module whose calls overlap. `python docs/generate.py` assembles this file into `adapter.json`,
;; which the transform and the npm package read: run it after a change.
;;
;; A region is a C stack of its own with a header; `top` is its highest address. A *call* region belongs to one
;; promising call. An *idle* region is the stack of code that runs while no promising call does: the module's
;; own stack is the first. The global $current is the region that the C stack pointer ($sp) is in.
;;
;; - $enter: a promising call begins. It gets a region; its `host` is the region that was current.
;; - $before: the call waits. Its host becomes current: whoever gets control, the engine returns there.
;; - $after: the call continues. Whatever is current now is its host from then on.
;; - $leave: the call ends. Its host becomes current, and its region is free.
;;
;; Glue puts arguments on the stack of its caller (`stackAlloc`) and takes them off when the call has ended
;; (`stackRestore`). Each call notes how deep that stack was (`home`, `level`): $restore never raises the
;; pointer over the arguments of a call that has not ended.
;;
;; `addr` is i32 or i64. `(when X …)` is for modules that have X. `offset=X` is a field of the header.
;; `(use X)` stands for what `(define X …)` has, where a call would cost too much.

(global $current addr)
(global $main addr) ;; the module's own stack
(global $regions addr) ;; all, linked by `all`
(global $free addr) ;; call regions without a call, linked by `next`
(global $retired addr) ;; idle regions that were left with data in them, linked by `next`
(global $calls i64) ;; how many have begun
(when malloc (global $allocating i32))
(when pages ;; of memory, for modules without malloc: what is left of them
  (global $room addr)
  (global $room_end addr))
(when host
  (global $alone i32)) ;; whether the call that begins next is
(when threads ;; the stack of the thread that runs in this instance, as the glue has told; 0: the program's own
  (global $thread_base addr)
  (global $thread_end addr))
(when invokes ;; see the end
  (global $thrown i32)
  (global $thrower addr)
  (global $catching addr)
  (global $caught addr))

(func $stackswitch.C_stack_overflow.use_a_larger_region (unreachable))
(func $stackswitch.out_of_memory_for_a_C_stack (unreachable))
(func $stackswitch.promising_call_that_is_not_listed (unreachable))
(when malloc (func $stackswitch.malloc_calls_an_import_that_may_suspend (unreachable)))
(when invokes
  (func $stackswitch.catch_blocks_of_two_calls_overlap.use_-fwasm-exceptions (unreachable)))

;; ---- Making regions

;; Sets $at to an address of $size bytes and 16 more, for its alignment; 0: there is no room.
(define find_room
  (local.set $size (addr.add (local.get $size) (addr.const 16)))
  (when malloc (local.set $at (call $malloc (local.get $size))))
  (when pages
    (if (addr.gt_u (local.get $size) (addr.sub (global.get $room_end) (global.get $room))) (then
      (local.set $at (memory.grow (addr.shr_u (addr.add (local.get $size) (addr.const 65535)) (addr.const 16))))
      (if (addr.ne (local.get $at) (addr.const -1)) (then
        (global.set $room (addr.shl (local.get $at) (addr.const 16)))
        (global.set $room_end (addr.shl (memory.size) (addr.const 16)))))))
    (local.set $at (addr.const 0))
    (if (addr.le_u (local.get $size) (addr.sub (global.get $room_end) (global.get $room))) (then
      (local.set $at (global.get $room))
      (global.set $room (addr.add (local.get $at) (local.get $size)))))))

(define aligned (addr.and (addr.add (local.get $at) (addr.const 15)) (addr.const -16)))

(func $allocate (param $size addr) (result addr) (local $at addr)
  (when malloc
    (if (global.get $allocating) (then (call $stackswitch.malloc_calls_an_import_that_may_suspend)))
    (global.set $allocating (i32.const 1)))
  (use find_room)
  (when malloc (global.set $allocating (i32.const 0)))
  (if (addr.eqz (local.get $at)) (then (call $stackswitch.out_of_memory_for_a_C_stack)))
  (use aligned))

(func $blank (param $at addr) (local $end addr)
  (local.set $end (addr.add (local.get $at) (addr.const HEADER)))
  (loop $next
    (i64.store offset=0 (local.get $at) (i64.const 0))
    (local.set $at (addr.add (local.get $at) (addr.const 8)))
    (br_if $next (addr.lt_u (local.get $at) (local.get $end)))))

;; Makes $r a region at $at.
(define make
  (local.set $r (addr.add (local.get $at) (addr.const REGION)))
  (call $blank (local.get $r))
  (addr.store offset=sp (local.get $r) (local.get $r))
  (addr.store offset=top (local.get $r) (local.get $r))
  (addr.store offset=low (local.get $r) (addr.add (local.get $at) (addr.const 16)))
  (addr.store offset=span (local.get $r) (addr.const SPAN))
  (when state (addr.store offset=end (local.get $r) (local.get $at)))
  (addr.store offset=guard (local.get $r) (local.get $at))
  (i32.store offset=is_call (local.get $r) (i32.const 1))
  ;; The words that Emscripten's glue expects at the end of a stack.
  (i64.store offset=0 (local.get $at) (i64.const COOKIES))
  (addr.store offset=all (local.get $r) (global.get $regions))
  (global.set $regions (local.get $r)))

(func $create (result addr) (local $at addr) (local $r addr)
  (local.set $at (call $allocate (addr.const ROOM)))
  (use make)
  (local.get $r))

(define start
  (if (addr.eqz (global.get $current)) (then (call $start))))

(func $start (local $all addr)
  (when threads ;; another thread may have used the header
    (if (addr.given (global.get $main)) (then
      (if (call $is_used (global.get $main)) (then (global.set $main (addr.const 0)))))))
  (if (addr.eqz (global.get $main)) (then
    (global.set $main (call $allocate (addr.const HEADER)))
    (addr.store offset=all (global.get $main) (global.get $regions))
    (global.set $regions (global.get $main))))
  (local.set $all (addr.load offset=all (global.get $main)))
  (call $blank (global.get $main))
  (addr.store offset=all (global.get $main) (local.get $all))
  (addr.store offset=sp (global.get $main) (global.get $sp))
  (addr.store offset=accounted (global.get $main) (global.get $sp))
  (addr.store offset=top (global.get $main) (addr.const TOP))
  ;; The glue's own stack is below all that malloc gives.
  (when pointer_imported (addr.store offset=top (global.get $main) (global.get $main)))
  (when bounds
    (if (addr.given (call $get_base)) (then
      (addr.store offset=top (global.get $main) (call $get_base))
      (addr.store offset=end (global.get $main) (call $get_end)))))
  (when threads ;; a thread's stack is among what malloc has given
    (if (addr.given (global.get $thread_base)) (then
      (addr.store offset=top (global.get $main) (global.get $thread_base))
      (addr.store offset=end (global.get $main) (global.get $thread_end))
      (addr.store offset=low (global.get $main) (global.get $thread_end)))))
  (if (addr.gt_u (global.get $sp) (addr.load offset=top (global.get $main)))
    (then (addr.store offset=top (global.get $main) (global.get $sp))))
  (addr.store offset=span (global.get $main)
    (addr.sub (addr.load offset=top (global.get $main)) (addr.load offset=low (global.get $main))))
  (addr.store offset=guard (global.get $main) (addr.add (global.get $main) (addr.const WORDS)))
  (i64.store offset=words (global.get $main) (i64.const COOKIES))
  (global.set $current (global.get $main)))

(func $take (result addr) (local $r addr)
  (local.set $r (global.get $free))
  (if (addr.eqz (local.get $r)) (then (return (call $create))))
  (global.set $free (addr.load offset=next (local.get $r)))
  (local.get $r))

;; Puts the region $r on the list of free ones.
(define give
  (addr.store offset=sp (local.get $r) (addr.load offset=top (local.get $r)))
  (addr.store offset=host (local.get $r) (addr.const 0))
  (addr.store offset=home (local.get $r) (addr.const 0))
  (addr.store offset=kept (local.get $r) (addr.const 0))
  (i32.store offset=waiting (local.get $r) (i32.const 0))
  (when exceptions
    (addr.store offset=caught (local.get $r) (addr.const 0))
    (addr.store offset=uncaught (local.get $r) (addr.const 0)))
  (addr.store offset=next (local.get $r) (global.get $free))
  (global.set $free (local.get $r)))

;; Leaves the idle region $old to the calls that have begun so far.
(define retire
  (i64.store offset=number (local.get $old) (global.get $calls))
  (addr.store offset=next (local.get $old) (global.get $retired))
  (global.set $retired (local.get $old)))

;; Leaves the module's own stack as it is, to be idle again.
(define retire_main
  (local.set $old (global.get $main))
  (use retire)
  (i64.store offset=number (local.get $old) (i64.const 0)))

;; ---- Switching

;; What belongs to a stack besides its pointer: the limits that checks compare it with, and the exceptions
;; that its catch blocks handle.
(func $load_state (param $r addr)
  (when limits
    (call $set_limits (addr.load offset=top (local.get $r)) (addr.load offset=end (local.get $r))))
  (when checks
    (call $set_checked_limits (addr.load offset=top (local.get $r)) (addr.load offset=end (local.get $r))))
  (when exceptions
    (addr.store offset=0 (call $exceptions) (addr.load offset=caught (local.get $r)))
    (addr.store offset=POINTER (call $exceptions) (addr.load offset=uncaught (local.get $r)))))

;; Makes the region $to current.
(define switch
  (addr.store offset=sp (global.get $current) (global.get $sp))
  (when exceptions
    (addr.store offset=caught (global.get $current) (addr.load offset=0 (call $exceptions)))
    (addr.store offset=uncaught (global.get $current) (addr.load offset=POINTER (call $exceptions))))
  (global.set $current (local.get $to))
  (global.set $sp (addr.load offset=sp (local.get $to)))
  (when state (call $load_state (local.get $to))))

;; Traps if a call has written below its region.
(func $check_canary (param $r addr)
  (if (i64.ne (i64.load offset=0 (addr.load offset=guard (local.get $r))) (i64.const COOKIES))
    (then (call $stackswitch.C_stack_overflow.use_a_larger_region))))

;; Sees that the pointer is in the current region.
(define find
  (if (addr.gt_u
        (addr.sub (global.get $sp) (addr.load offset=low (global.get $current)))
        (addr.load offset=span (global.get $current)))
    (then (call $find_current))))

(define settle
  (call $check_canary (global.get $current))
  (use find))

;; The pointer may be in a region below: a nested call has trapped, and JavaScript has caught its error. Its
;; region is not used any more.
(func $find_current (local $r addr) (local $left i32)
  (local.set $r (global.get $current))
  (call $check_canary (local.get $r))
  (local.set $left (i32.const 10000))
  (loop $next
    (local.set $r (call $below (local.get $r)))
    (local.set $left (i32.sub (local.get $left) (i32.const 1)))
    (if (i32.or (addr.eqz (local.get $r)) (i32.eqz (local.get $left))) (then
      (if (i32.load offset=is_call (global.get $current))
        (then (call $stackswitch.C_stack_overflow.use_a_larger_region)))
      (call $stackswitch.promising_call_that_is_not_listed)))
    ;; Its functions have ended since, so the pointer is higher than when it was left.
    (br_if $next (i32.eqz (i32.and
      (addr.ge_u (global.get $sp) (addr.load offset=sp (local.get $r)))
      (addr.le_u (global.get $sp) (addr.load offset=top (local.get $r)))))))
  (loop $pop
    (if (addr.ne (global.get $current) (local.get $r)) (then
      (call $abandon)
      (br $pop))))
  (when state (call $load_state (local.get $r))))

;; The region to whose code a region's code returns.
(func $below (param $r addr) (result addr)
  (if (i32.load offset=is_call (local.get $r)) (then (return (addr.load offset=host (local.get $r)))))
  (addr.load offset=under (local.get $r)))

;; Whether something may be in the region $r: arguments of another call, or what a call that waits will come
;; back to.
(func $is_used (param $r addr) (result i32) (local $each addr)
  (local.set $each (global.get $regions))
  (loop $next
    (if (i32.or
          (addr.eq (addr.load offset=home (local.get $each)) (local.get $r))
          (i32.and (i32.load offset=waiting (local.get $each))
                   (addr.eq (addr.load offset=host (local.get $each)) (local.get $r))))
      (then (return (i32.const 1))))
    (local.set $each (addr.load offset=all (local.get $each)))
    (br_if $next (addr.given (local.get $each))))
  (i32.const 0))

;; The call of the region $r has failed. The region is free, or left to the calls that use it.
(func $release (param $r addr) (local $old addr)
  (if (i32.eqz (call $is_used (local.get $r))) (then (use give) (return)))
  (i32.store offset=is_call (local.get $r) (i32.const 0))
  (i32.store offset=waiting (local.get $r) (i32.const 0))
  (addr.store offset=host (local.get $r) (addr.const 0))
  (addr.store offset=home (local.get $r) (addr.const 0))
  (addr.store offset=under (local.get $r) (addr.const 0))
  (local.set $old (local.get $r))
  (use retire))

;; Makes the region below the current one current: the current one's call has trapped.
(func $abandon (local $r addr)
  (local.set $r (global.get $current))
  (when host
    (if (addr.eq (local.get $r) (global.get $main)) (then
      (if (i32.load offset=is_call (local.get $r)) (then (call $leave_own) (return))))))
  (global.set $current (call $below (local.get $r)))
  (if (i32.load offset=is_call (local.get $r)) (then (call $release (local.get $r)))))

;; Removes call regions above $r from the top: their calls have trapped.
(func $abandon_to (param $r addr) (local $some i32)
  (loop $next
    (if (i32.and (addr.ne (global.get $current) (local.get $r))
                 (i32.load offset=is_call (global.get $current))) (then
      (call $abandon)
      (local.set $some (i32.const 1))
      (br $next))))
  (if (local.get $some) (then
    (global.set $sp (addr.load offset=sp (global.get $current)))
    (when state (call $load_state (global.get $current))))))

;; ---- Calls and waits

;; Whether so much of the current region is used that an idle one is to be left.
(define full
  (addr.gt_u
    (addr.sub (addr.load offset=top (global.get $current)) (global.get $sp))
    (addr.const SLACK)))

;; Back to the module's own stack, which is larger, when all that were there have ended.
(define come_back
  (if (addr.given (global.get $retired)) (then
    (if (i32.eqz (i32.load offset=is_call (global.get $current))) (then
      (local.set $home (call $take_retired (global.get $main)))
      (if (addr.given (local.get $home)) (then (call $rotate (local.get $home)))))))))

(func $enter (result addr) (local $to addr)
  (when invokes (global.set $thrown (i32.const 0)))
  (use start)
  (use find)
  (when host
    (if (global.get $alone) (then
      (global.set $alone (i32.const 0))
      (if (call $enters_own) (then (return (global.get $main)))))))
  (local.set $to (global.get $free))
  (if (addr.given (local.get $to))
    (then (global.set $free (addr.load offset=next (local.get $to))))
    (else (local.set $to (call $create))))
  (addr.store offset=host (local.get $to) (global.get $current))
  (addr.store offset=home (local.get $to) (global.get $current))
  (addr.store offset=level (local.get $to) (global.get $sp))
  (addr.store offset=accounted (global.get $current) (global.get $sp))
  (if (use full) (then (addr.store offset=accounted (global.get $current) (addr.const 0)))) ;; for $account
  (global.set $calls (i64.add (global.get $calls) (i64.const 1)))
  (i64.store offset=number (local.get $to) (global.get $calls))
  (use switch)
  (local.get $to))

(func $leave (param $r addr) (local $to addr) (local $home addr)
  (use settle)
  (if (addr.ne (global.get $current) (local.get $r)) (then
    (call $abandon_to (local.get $r))
    (if (addr.ne (global.get $current) (local.get $r))
      (then (call $stackswitch.promising_call_that_is_not_listed)))))
  (when host
    (if (addr.eq (local.get $r) (global.get $main)) (then (call $leave_own) (return))))
  (local.set $to (addr.load offset=host (local.get $r)))
  (local.set $home (addr.load offset=home (local.get $r)))
  (use switch)
  (use give)
  ;; What is thrown out of an outermost call ends in its promise.
  (when invokes (call $note_leave (local.get $r) (local.get $to)))
  (if (addr.eq (local.get $to) (local.get $home)) (then
    (if (addr.given (addr.load offset=kept (local.get $home))) (then
      (if (addr.ge_u (global.get $sp) (addr.load offset=refused (local.get $home)))
        (then (call $raise (addr.load offset=kept (local.get $home)))))))))
  (use come_back))

(func $before (result addr) (local $r addr) (local $to addr)
  (when invokes (global.set $thrown (i32.const 0)))
  (use start)
  (use settle)
  (local.set $r (global.get $current))
  (local.set $to (addr.load offset=host (local.get $r)))
  ;; A function that no list names was made promising and runs on the idle region: others idle elsewhere.
  (if (addr.eqz (local.get $to)) (then
    (local.set $to (call $take_idle))
    (addr.store offset=host (local.get $r) (local.get $to))))
  (i32.store offset=waiting (local.get $r) (i32.const 1))
  (use switch)
  (local.get $r))

(func $after (param $r addr) (local $host addr) (local $to addr)
  (use find)
  (local.set $host (addr.load offset=host (local.get $r)))
  (if (addr.ne (global.get $current) (local.get $host)) (then
    (call $abandon_to (local.get $host))
    (addr.store offset=host (local.get $r) (global.get $current))))
  (if (addr.ne (global.get $sp) (addr.load offset=accounted (global.get $current)))
    (then (call $account (local.get $r))))
  (i32.store offset=waiting (local.get $r) (i32.const 0))
  (local.set $to (local.get $r))
  (use switch))

;; A function by reference: the module may call it itself, in the middle of a call. It is part of that call.
(when references
  (func $enter_if_idle (result addr)
    (use start)
    (use find)
    (if (i32.load offset=is_call (global.get $current)) (then (return (addr.const 0))))
    (call $enter))

  (func $leave_if_entered (param $r addr)
    (if (addr.given (local.get $r)) (then (call $leave (local.get $r))))))

;; For side modules, which share this stack pointer: a function that one module exports may be called by
;; another module, in the middle of a call.
(when linked
  (func $__stackswitch_enter (result i64) (addr.to_i64 (call $enter_if_idle)))
  (func $__stackswitch_leave (param $token i64) (call $leave_if_entered (addr.from_i64 (local.get $token))))
  (func $__stackswitch_before (result i64) (addr.to_i64 (call $before)))
  (func $__stackswitch_after (param $token i64) (call $after (addr.from_i64 (local.get $token)))))

;; ---- Idle regions

;; Something was allocated since a call began or continued: it may be for the call that continues now, so it
;; counts as its arguments.
(func $account (param $r addr) (local $home addr)
  (if (i32.load offset=is_call (global.get $current)) (then (return)))
  (local.set $home (addr.load offset=home (local.get $r)))
  (if (i32.and
        (addr.lt_u (global.get $sp) (addr.load offset=accounted (global.get $current)))
        (addr.given (local.get $home))) ;; not so of a call that no list names
    (then
      (if (i32.or
            (i32.load offset=is_call (local.get $home))
            (i32.or (addr.eq (local.get $home) (global.get $current))
                    (addr.eq (local.get $home) (addr.load offset=under (global.get $current)))))
        (then
          (addr.store offset=home (local.get $r) (global.get $current))
          (addr.store offset=level (local.get $r) (global.get $sp))))))
  (addr.store offset=accounted (global.get $current) (global.get $sp))
  (if (use full) (then
    (call $rotate (call $take_idle))
    (addr.store offset=host (local.get $r) (global.get $current)))))

;; Glue that allocates while a call waits, and hands out the address, relies on the guest to take it off. It
;; cannot where each call has a stack of its own. So an idle region that fills up is left, until all calls
;; that were there have ended.
(func $rotate (param $to addr) (local $old addr) (local $r addr)
  (local.set $old (global.get $current))
  (addr.store offset=under (local.get $to) (local.get $old))
  (use switch)
  (local.set $r (global.get $regions))
  (loop $next
    (if (i32.and (i32.eqz (i32.load offset=is_call (local.get $r)))
                 (addr.eq (addr.load offset=host (local.get $r)) (local.get $old)))
      (then (addr.store offset=host (local.get $r) (addr.const 0))))
    (local.set $r (addr.load offset=all (local.get $r)))
    (br_if $next (addr.given (local.get $r))))
  (use retire))

(func $take_idle (result addr) (local $r addr)
  (local.set $r (call $take_retired (global.get $main)))
  (if (addr.eqz (local.get $r)) (then (local.set $r (call $take_retired (addr.const 0)))))
  (if (addr.given (local.get $r)) (then (return (local.get $r))))
  (local.set $r (call $take))
  (i32.store offset=is_call (local.get $r) (i32.const 0))
  (addr.store offset=accounted (local.get $r) (addr.load offset=top (local.get $r)))
  (local.get $r))

;; Takes $only, or any region if that is 0, from the list of retired ones; 0: not yet possible.
(func $take_retired (param $only addr) (result addr) (local $r addr) (local $before addr) (local $next addr)
  (local.set $r (global.get $retired))
  (loop $each
    (if (addr.given (local.get $r)) (then
      (local.set $next (addr.load offset=next (local.get $r)))
      (if (i32.or (addr.eqz (local.get $only)) (addr.eq (local.get $r) (local.get $only))) (then
        (if (call $is_left (local.get $r)) (then
          (if (addr.given (local.get $before))
            (then (addr.store offset=next (local.get $before) (local.get $next)))
            (else (global.set $retired (local.get $next))))
          (if (i64.ne (i64.load offset=number (local.get $r)) (i64.const 0))
            (then (addr.store offset=sp (local.get $r) (addr.load offset=top (local.get $r)))))
          (addr.store offset=accounted (local.get $r) (addr.load offset=sp (local.get $r)))
          (addr.store offset=host (local.get $r) (addr.const 0))
          (addr.store offset=kept (local.get $r) (addr.const 0))
          (addr.store offset=under (local.get $r) (addr.const 0))
          (return (local.get $r))))))
      (local.set $before (local.get $r))
      (local.set $r (local.get $next))
      (br $each))))
  (addr.const 0))

;; Whether all calls have ended that were there when an idle region was left.
(func $is_left (param $idle addr) (result i32) (local $r addr)
  (local.set $r (global.get $regions))
  (loop $next
    (if (i32.and (i32.load offset=is_call (local.get $r)) (addr.given (addr.load offset=home (local.get $r)))) (then
      (if (i64.le_u (i64.load offset=number (local.get $r)) (i64.load offset=number (local.get $idle)))
        (then (return (i32.const 0))))))
    (if (addr.eq (addr.load offset=host (local.get $r)) (local.get $idle)) (then (return (i32.const 0))))
    (if (addr.eq (addr.load offset=under (local.get $r)) (local.get $idle))
      (then (addr.store offset=under (local.get $r) (addr.const 0))))
    (local.set $r (addr.load offset=all (local.get $r)))
    (br_if $next (addr.given (local.get $r))))
  (i32.const 1))

;; ---- The pointer as glue sets it

;; Raises the pointer as far as the arguments of calls allow, and notes what is still to be raised.
(func $raise (param $to addr) (local $limit addr) (local $r addr)
  (local.set $limit (local.get $to))
  (local.set $r (global.get $regions))
  (loop $next
    (if (addr.eq (addr.load offset=home (local.get $r)) (global.get $current)) (then
      (if (addr.lt_u (addr.load offset=level (local.get $r)) (local.get $limit))
        (then (local.set $limit (addr.load offset=level (local.get $r)))))))
    (local.set $r (addr.load offset=all (local.get $r)))
    (br_if $next (addr.given (local.get $r))))
  (if (addr.gt_u (local.get $limit) (global.get $sp)) (then (global.set $sp (local.get $limit))))
  (if (addr.gt_u (global.get $sp) (addr.load offset=accounted (global.get $current)))
    (then (addr.store offset=accounted (global.get $current) (global.get $sp))))
  (if (addr.ge_u (local.get $to) (addr.load offset=kept (global.get $current))) (then
    (if (addr.eq (local.get $to) (local.get $limit)) (then (local.set $to (addr.const 0))))
    (addr.store offset=kept (global.get $current) (local.get $to))
    (addr.store offset=refused (global.get $current) (global.get $sp)))))

;; Instead of stackRestore as JavaScript calls it.
(func $restore (param $to addr) (local $kept addr)
  (if (addr.eqz (global.get $current)) (then (global.set $sp (local.get $to)) (return)))
  (use settle)
  (if (addr.gt_u (local.get $to) (global.get $sp)) (then
    (if (addr.gt_u (local.get $to) (addr.load offset=top (global.get $current))) (then (return)))
    (local.set $kept (addr.load offset=kept (global.get $current)))
    (if (addr.gt_u (local.get $kept) (local.get $to)) (then
      (if (addr.ge_u (local.get $to) (addr.load offset=refused (global.get $current)))
        (then (local.set $to (local.get $kept))))))
    (call $raise (local.get $to))
    (return)))
  ;; Lower: only a running call's glue has a reason. Late ones come out of order.
  (if (i32.and (i32.load offset=is_call (global.get $current))
               (addr.ge_u (local.get $to) (addr.load offset=low (global.get $current))))
    (then (global.set $sp (local.get $to)))))

;; ---- The contract of binaryen#9102: the token is the call's region, the number says whether it failed.

(func $__jspi_enter (result i64) (addr.to_i64 (call $enter)))
(func $__jspi_exit (param $token i64) (param $failed i32) (call $leave (addr.from_i64 (local.get $token))))
(func $__jspi_suspend (result i64) (addr.to_i64 (call $before)))
(func $__jspi_resume (param $token i64) (param $failed i32) (call $after (addr.from_i64 (local.get $token))))

;; ---- Exceptions in JavaScript

;; The glue has one list of the exceptions that catch blocks handle, and one exception that was thrown last, for
;; all calls. Where calls would mix them up, the module traps. $thrown: what is being thrown is the module's own.
;; $thrower: whose exception the glue noted last; 0: none, 1: one that has left WebAssembly. $catching: the
;; regions of the open catch blocks; $caught: how many bytes that takes.
(when invokes
  (func $note_throw
    (use start)
    (global.set $thrown (i32.const 1))
    (global.set $thrower (global.get $current)))

  (func $note_longjmp (global.set $thrown (i32.const 1)))

  ;; After destructors, which may have waited.
  (func $note_resume
    (use start)
    (if (i32.and (addr.given (global.get $thrower)) (addr.ne (global.get $thrower) (global.get $current)))
      (then (call $stackswitch.catch_blocks_of_two_calls_overlap.use_-fwasm-exceptions)))
    (call $note_throw))

  (func $note_rethrow
    (use start)
    (call $check_catch)
    (call $note_throw))

  (func $check_catch
    (if (addr.given (global.get $caught)) (then
      (if (addr.ne (global.get $current)
                   (addr.load offset=0 (addr.sub (addr.add (global.get $catching) (global.get $caught)) (addr.const 8))))
        (then (call $stackswitch.catch_blocks_of_two_calls_overlap.use_-fwasm-exceptions))))))

  (func $note_catch
    (use start)
    (if (addr.eqz (global.get $catching)) (then (global.set $catching (call $allocate (addr.const CATCHES)))))
    (if (addr.ge_u (global.get $caught) (addr.const CATCHES))
      (then (call $stackswitch.out_of_memory_for_a_C_stack)))
    (addr.store offset=0 (addr.add (global.get $catching) (global.get $caught)) (global.get $current))
    (global.set $caught (addr.add (global.get $caught) (addr.const 8))))

  (func $note_end_catch
    (use start)
    (call $check_catch)
    (global.set $thrower (addr.const 0))
    (if (addr.given (global.get $caught))
      (then (global.set $caught (addr.sub (global.get $caught) (addr.const 8))))))

  ;; What is thrown out of an outermost call ends in its promise; out of a nested one, in its caller.
  (func $note_leave (param $r addr) (param $host addr)
    (if (i32.load offset=is_call (local.get $host))
      (then
        (if (addr.eq (global.get $thrower) (local.get $r)) (then (global.set $thrower (local.get $host)))))
      (else
        (global.set $thrown (i32.const 0))
        (if (addr.eq (global.get $thrower) (local.get $r)) (then (global.set $thrower (addr.const 1))))))))

;; ---- For glue that goes on after traps

;; JavaScript calls it where no code of the module is on the native stack, as in a handler of a promise. So what
;; runs has trapped, and what has not, waits.
(when glue
  (func $stackswitch.reclaim (local $r addr) (local $home addr) (local $waiting i32)
    (use start)
    (call $abandon_to (addr.const 0))
    (local.set $r (global.get $regions))
    (loop $next
      (local.set $waiting (i32.or (local.get $waiting) (i32.load offset=waiting (local.get $r))))
      (if (i32.and (i32.and (i32.load offset=is_call (local.get $r)) (addr.given (addr.load offset=home (local.get $r))))
                   (i32.eqz (i32.load offset=waiting (local.get $r))))
        (then (call $release (local.get $r))))
      (local.set $r (addr.load offset=all (local.get $r)))
      (br_if $next (addr.given (local.get $r))))
    (if (addr.given (addr.load offset=kept (global.get $current))) (then
      (if (addr.ge_u (global.get $sp) (addr.load offset=refused (global.get $current)))
        (then (call $raise (addr.load offset=kept (global.get $current)))))))
    (when invokes
      (if (i32.eqz (local.get $waiting)) (then ;; no catch block is open
        (global.set $thrower (addr.const 0))
        (global.set $caught (addr.const 0)))))
    (use come_back)))

;; ---- Threads

;; Each thread runs in an instance of its own, so that all of the above is its own, but for the memory. Glue runs
;; one thread after another in an instance, and says so by setting the limits of the stack. No code of the module
;; is on the native stack then. Calls of the thread before may still wait: they have stacks of their own.
(when threads
  (func $set_thread (param $base addr) (param $end addr)
    (if (addr.given (global.get $current)) (then (call $leave_thread)))
    (global.set $thread_base (local.get $base))
    (global.set $thread_end (local.get $end))
    (call $set_limits (local.get $base) (local.get $end)))

  ;; Nothing goes back to the stack of a thread that has ended: its memory is another's soon.
  (func $leave_thread (local $r addr) (local $before addr) (local $next addr) (local $old addr)
    (call $stackswitch.reclaim)
    (if (addr.ne (global.get $current) (global.get $main)) (then
      (local.set $old (global.get $current))
      (use retire)))
    (local.set $r (global.get $retired))
    (loop $each
      (if (addr.given (local.get $r)) (then
        (local.set $next (addr.load offset=next (local.get $r)))
        (if (addr.eq (local.get $r) (global.get $main))
          (then
            (if (addr.given (local.get $before))
              (then (addr.store offset=next (local.get $before) (local.get $next)))
              (else (global.set $retired (local.get $next)))))
          (else (local.set $before (local.get $r))))
        (local.set $r (local.get $next))
        (br $each))))
    ;; Where others idled while the thread's own function waited.
    (local.set $r (addr.load offset=host (global.get $main)))
    (addr.store offset=host (global.get $main) (addr.const 0))
    (i32.store offset=waiting (global.get $main) (i32.const 0))
    (if (addr.given (local.get $r)) (then
      (if (i32.eqz (call $is_used (local.get $r))) (then
        (i32.store offset=is_call (local.get $r) (i32.const 1))
        (use give)))))
    (global.set $current (addr.const 0))))

;; ---- For a host that knows when calls end: JavaScript catches what no handler of the module's does, traps.

(when host
  ;; The number of the call that begins next, for $stackswitch.call_failed; 0: there is no room for its C stack.
  ;; $alone: no other call has begun that has not ended.
  (func $stackswitch.next_call (param $alone i32) (result i32) (local $size addr) (local $at addr) (local $r addr) (local $old addr)
    (use start)
    (global.set $alone (local.get $alone))
    (if (addr.eqz (global.get $free)) (then
      (local.set $r (call $take_retired (addr.const 0)))
      (if (addr.eq (local.get $r) (global.get $main))
        (then (use retire_main))
        (else
          (if (addr.given (local.get $r)) (then
            (i32.store offset=is_call (local.get $r) (i32.const 1))
            (use give)))))))
    (if (addr.eqz (global.get $free)) (then
      (local.set $size (addr.const ROOM))
      (use find_room)
      (if (addr.eqz (local.get $at)) (then (return (i32.const 0))))
      (local.set $at (use aligned))
      (use make)
      (use give)))
    (i32.wrap_i64 (i64.add (global.get $calls) (i64.const 1))))

  ;; A call has ended by an error, and no code of the module is on the native stack: its region is free.
  (func $stackswitch.call_failed (param $number i32) (local $r addr) (local $home addr)
    (local.set $r (global.get $regions))
    (loop $next
      (if (i32.and (i32.eq (i32.load offset=number (local.get $r)) (local.get $number))
                   (i32.and (i32.load offset=is_call (local.get $r)) (addr.given (addr.load offset=home (local.get $r)))))
        (then (call $end_failed (local.get $r)) (use come_back) (return)))
      (local.set $r (addr.load offset=all (local.get $r)))
      (br_if $next (addr.given (local.get $r)))))

  (func $end_failed (param $r addr) (local $home addr)
    (if (call $is_running (local.get $r)) (then (call $leave (local.get $r)) (return)))
    ;; It has failed at its wait.
    (if (addr.eq (local.get $r) (global.get $main)) (then (call $leave_own) (return)))
    (local.set $home (addr.load offset=home (local.get $r)))
    (i32.store offset=waiting (local.get $r) (i32.const 0))
    (call $release (local.get $r))
    (if (addr.eq (local.get $home) (global.get $current)) (then
      (if (addr.given (addr.load offset=kept (local.get $home))) (then
        (if (addr.ge_u (global.get $sp) (addr.load offset=refused (local.get $home)))
          (then (call $raise (addr.load offset=kept (local.get $home))))))))))

  ;; Whether a call's region is current, or below the current one.
  (func $is_running (param $r addr) (result i32) (local $at addr) (local $left i32)
    (local.set $at (global.get $current))
    (local.set $left (i32.const 10000))
    (loop $next
      (if (addr.eq (local.get $at) (local.get $r)) (then (return (i32.const 1))))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (if (i32.and (i32.load offset=is_call (local.get $at)) (i32.ne (local.get $left) (i32.const 0))) (then
        (local.set $at (addr.load offset=host (local.get $at)))
        (br_if $next (addr.given (local.get $at))))))
    (i32.const 0)))

;; ---- A call that is alone when it begins

;; It runs on the module's own stack, which may be much larger than a region. While it waits, others idle
;; elsewhere ($before). When it has ended, that stack is idle again, with what was there before.
(when host
  ;; Whether such a call begins now.
  (func $enters_own (result i32)
    (if (i32.or (addr.ne (global.get $current) (global.get $main))
                (i32.or (i32.load offset=is_call (global.get $main))
                        (i32.or (addr.given (addr.load offset=host (global.get $main))) (use full))))
      (then (return (i32.const 0))))
    (when exceptions ;; code that is in a catch block runs there
      (if (i32.or (addr.given (addr.load offset=0 (call $exceptions)))
                  (addr.given (addr.load offset=POINTER (call $exceptions))))
        (then (return (i32.const 0)))))
    (i32.store offset=is_call (global.get $main) (i32.const 1))
    (addr.store offset=home (global.get $main) (global.get $main))
    (addr.store offset=level (global.get $main) (global.get $sp))
    (addr.store offset=entry (global.get $main) (global.get $sp))
    (addr.store offset=accounted (global.get $main) (global.get $sp))
    (global.set $calls (i64.add (global.get $calls) (i64.const 1)))
    (i64.store offset=number (global.get $main) (global.get $calls))
    (i32.const 1))

  ;; It has ended, or has failed at its wait: then another region is current.
  (func $leave_own (local $to addr) (local $old addr)
    (local.set $to (addr.load offset=host (global.get $main)))
    (addr.store offset=sp (global.get $main) (addr.load offset=entry (global.get $main)))
    (addr.store offset=under (global.get $main) (addr.const 0))
    (addr.store offset=host (global.get $main) (addr.const 0))
    (addr.store offset=home (global.get $main) (addr.const 0))
    (i32.store offset=waiting (global.get $main) (i32.const 0))
    (i32.store offset=is_call (global.get $main) (i32.const 0))
    (when exceptions
      (addr.store offset=caught (global.get $main) (addr.const 0))
      (addr.store offset=uncaught (global.get $main) (addr.const 0)))
    (if (addr.ne (global.get $current) (global.get $main)) (then
      (if (i32.eqz (i32.load offset=is_call (global.get $current)))
        (then (call $rotate (global.get $main)))
        (else (use retire_main)))
      (return)))
    (global.set $sp (addr.load offset=sp (global.get $main)))
    (when state (call $load_state (global.get $main)))
    (if (addr.eqz (local.get $to)) (then (return))) ;; it has never waited
    (if (i32.load offset=is_call (local.get $to)) (then
      (use switch)
      (use retire_main)
      (return)))
    (addr.store offset=under (global.get $main) (local.get $to))
    (local.set $old (local.get $to))
    (use retire)))
