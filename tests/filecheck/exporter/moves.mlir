// BLESS
// RUN: wasm-opt-py %s -t wat | filecheck %s

// Values on edges: exchanged, rotated, passed on one edge of two, the old one needed after the new one.

builtin.module {
  // CHECK-LABEL: (func $swap
  // CHECK-NEXT:    loop
  // CHECK-NEXT:      local.get 2
  // CHECK-NEXT:      i32.const 1
  // CHECK-NEXT:      i32.sub
  // CHECK-NEXT:      local.tee 2
  // CHECK-NEXT:      if
  // CHECK-NEXT:        local.get 1
  // CHECK-NEXT:        local.get 0
  // CHECK-NEXT:        local.set 1
  // CHECK-NEXT:        local.set 0
  // CHECK-NEXT:        br 1
  // CHECK-NEXT:      end
  // CHECK-NEXT:      local.get 0
  // CHECK-NEXT:      local.get 1
  // CHECK-NEXT:      i32.sub
  // CHECK-NEXT:      return
  // CHECK-NEXT:    end
  // CHECK-NEXT:    unreachable)
  wasmir.func @swap(%a : i32, %b : i32, %n : i32) -> i32 {
    wasmir.br ^loop(%a, %b, %n : i32, i32, i32)
  ^loop(%x : i32, %y : i32, %i : i32):
    %one = wasmir.i32.const 1
    %j = wasmir.i32.sub %i, %one
    wasmir.br_if %j, ^loop(%y, %x, %j : i32, i32, i32), ^end
  ^end:
    %r = wasmir.i32.sub %x, %y
    wasmir.return %r : i32
  }
  // CHECK-LABEL: (func $lost_copy
  // CHECK-NEXT:    (local i32)
  // CHECK-NEXT:    loop
  // CHECK-NEXT:      local.get 0
  // CHECK-NEXT:      i32.const 1
  // CHECK-NEXT:      i32.sub
  // CHECK-NEXT:      local.tee 1
  // CHECK-NEXT:      if
  // CHECK-NEXT:        local.get 1
  // CHECK-NEXT:        local.set 0
  // CHECK-NEXT:        br 1
  // CHECK-NEXT:      end
  // CHECK-NEXT:      local.get 0
  // CHECK-NEXT:      return
  // CHECK-NEXT:    end
  // CHECK-NEXT:    unreachable)
  wasmir.func @lost_copy(%n : i32) -> i32 {
    wasmir.br ^loop(%n : i32)
  ^loop(%i : i32):
    %one = wasmir.i32.const 1
    %next = wasmir.i32.sub %i, %one
    wasmir.br_if %next, ^loop(%next : i32), ^end
  ^end:
    wasmir.return %i : i32
  }
  // The constant is set before the branch, since nothing reads the local where the other edge leads.
  // CHECK-LABEL: (func $one_edge
  // CHECK-NEXT:    block
  // CHECK-NEXT:      local.get 0
  // CHECK-NEXT:      i32.const 7
  // CHECK-NEXT:      local.set 0
  // CHECK-NEXT:      br_if 0
  // CHECK-NEXT:      i32.const 9
  // CHECK-NEXT:      local.set 0
  // CHECK-NEXT:    end
  // CHECK-NEXT:    local.get 0)
  wasmir.func @one_edge(%c : i32) -> i32 {
    %seven = wasmir.i32.const 7
    wasmir.br_if %c, ^end(%seven : i32), ^other
  ^other:
    %nine = wasmir.i32.const 9
    wasmir.br ^end(%nine : i32)
  ^end(%r : i32):
    wasmir.return %r : i32
  }
  // Both edges go to one block, with other values.
  // CHECK-LABEL: (func $same_target
  // CHECK-NEXT:    block
  // CHECK-NEXT:      local.get 0
  // CHECK-NEXT:      br_if 0
  // CHECK-NEXT:      local.get 2
  // CHECK-NEXT:      local.set 1
  // CHECK-NEXT:    end
  // CHECK-NEXT:    local.get 1)
  wasmir.func @same_target(%c : i32, %a : i32, %b : i32) -> i32 {
    wasmir.br_if %c, ^end(%a : i32), ^end(%b : i32)
  ^end(%r : i32):
    wasmir.return %r : i32
  }
  // Cases of a branch that pass other values to one block.
  // CHECK-LABEL: (func $table
  // CHECK-NEXT:    block
  // CHECK-NEXT:      block
  // CHECK-NEXT:        block
  // CHECK-NEXT:          local.get 0
  // CHECK-NEXT:          br_table 2 1 2 0
  // CHECK-NEXT:        end
  // CHECK-NEXT:        local.get 0
  // CHECK-NEXT:        local.set 1
  // CHECK-NEXT:        br 1
  // CHECK-NEXT:      end
  // CHECK-NEXT:      local.get 2
  // CHECK-NEXT:      local.set 1
  // CHECK-NEXT:    end
  // CHECK-NEXT:    local.get 1)
  wasmir.func @table(%c : i32, %a : i32, %b : i32) -> i32 {
    wasmir.br_table %c, [^end(%a : i32), ^end(%b : i32), ^end(%a : i32)], ^other
  ^other:
    wasmir.br ^end(%c : i32)
  ^end(%r : i32):
    wasmir.return %r : i32
  }
  // One value goes to two arguments, beside one from the stack.
  // CHECK-LABEL: (func $twice
  // CHECK-NEXT:    (local i32 i32 i32)
  // CHECK-NEXT:    local.get 0
  // CHECK-NEXT:    local.get 0
  // CHECK-NEXT:    i32.mul
  // CHECK-NEXT:    i32.const 0
  // CHECK-NEXT:    i32.const 0
  // CHECK-NEXT:    local.set 3
  // CHECK-NEXT:    local.set 2
  // CHECK-NEXT:    local.set 1
  // CHECK-NEXT:    loop
  // CHECK-NEXT:      local.get 2
  // CHECK-NEXT:      local.get 1
  // CHECK-NEXT:      i32.add
  // CHECK-NEXT:      local.tee 1
  // CHECK-NEXT:      if
  // CHECK-NEXT:        local.get 3
  // CHECK-NEXT:        local.get 0
  // CHECK-NEXT:        local.set 3
  // CHECK-NEXT:        local.set 2
  // CHECK-NEXT:        br 1
  // CHECK-NEXT:      end
  // CHECK-NEXT:      local.get 2
  // CHECK-NEXT:      local.get 3
  // CHECK-NEXT:      i32.sub
  // CHECK-NEXT:      return
  // CHECK-NEXT:    end
  // CHECK-NEXT:    unreachable))
  wasmir.func @twice(%a : i32) -> i32 {
    %zero = wasmir.i32.const 0
    %s = wasmir.i32.mul %a, %a
    wasmir.br ^loop(%zero, %s, %zero : i32, i32, i32)
  ^loop(%x : i32, %y : i32, %z : i32):
    %n = wasmir.i32.add %x, %y
    wasmir.br_if %n, ^loop(%z, %n, %a : i32, i32, i32), ^end
  ^end:
    %r = wasmir.i32.sub %x, %z
    wasmir.return %r : i32
  }
}
