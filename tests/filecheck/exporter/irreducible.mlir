// BLESS
// RUN: wasm-opt-py %s -t wat | filecheck %s

// A loop with two entries gets one: a `br_table` on a local that says which is meant.

builtin.module {
  // CHECK-LABEL: (func $two_entries
  // CHECK-NEXT:    (local i32)
  // CHECK-NEXT:    local.get 0
  // CHECK-NEXT:    if
  // CHECK-NEXT:      i32.const 0
  // CHECK-NEXT:      local.set 1
  // CHECK-NEXT:    else
  // CHECK-NEXT:      i32.const 1
  // CHECK-NEXT:      local.set 1
  // CHECK-NEXT:    end
  // CHECK-NEXT:    loop
  // CHECK-NEXT:      block
  // CHECK-NEXT:        block
  // CHECK-NEXT:          block
  // CHECK-NEXT:            local.get 1
  // CHECK-NEXT:            br_table 0 1
  // CHECK-NEXT:          end
  // CHECK-NEXT:          local.get 0
  // CHECK-NEXT:          i32.const 1
  // CHECK-NEXT:          i32.sub
  // CHECK-NEXT:          local.tee 0
  // CHECK-NEXT:          i32.eqz
  // CHECK-NEXT:          br_if 1
  // CHECK-NEXT:          i32.const 1
  // CHECK-NEXT:          local.set 1
  // CHECK-NEXT:          br 2
  // CHECK-NEXT:        end
  // CHECK-NEXT:        local.get 0
  // CHECK-NEXT:        i32.const 1
  // CHECK-NEXT:        i32.shr_u
  // CHECK-NEXT:        local.tee 0
  // CHECK-NEXT:        i32.eqz
  // CHECK-NEXT:        br_if 0
  // CHECK-NEXT:        i32.const 0
  // CHECK-NEXT:        local.set 1
  // CHECK-NEXT:        br 1
  // CHECK-NEXT:      end
  // CHECK-NEXT:      local.get 0
  // CHECK-NEXT:      return
  // CHECK-NEXT:    end
  // CHECK-NEXT:    unreachable))
  wasmir.func @two_entries(%a : i32) -> i32 {
    %one = wasmir.i32.const 1
    wasmir.br_if %a, ^p(%a : i32), ^q(%a : i32)
  ^p(%x : i32):
    %y = wasmir.i32.sub %x, %one
    wasmir.br_if %y, ^q(%y : i32), ^end(%y : i32)
  ^q(%z : i32):
    %w = wasmir.i32.shr_u %z, %one
    wasmir.br_if %w, ^p(%w : i32), ^end(%w : i32)
  ^end(%r : i32):
    wasmir.return %r : i32
  }
}
