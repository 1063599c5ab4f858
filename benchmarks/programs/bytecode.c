// Interpret bytecode of a stack machine: a program that counts primes by trial division.
#include "bench.h"

enum { PUSH, LOAD, STORE, ADD, MUL, MOD, LESS, JUMP, UNLESS, HALT };
enum { CANDIDATE, DIVISOR, COUNT, LIMIT };

static int32_t program[128];
static int32_t size;

static int32_t emit(int32_t op, int32_t operand) {
    program[size] = op;
    program[size + 1] = operand;
    size += 2;
    return size - 1;  // where the operand is
}

static void assemble(void) {
    size = 0;
    emit(PUSH, 2), emit(STORE, CANDIDATE);
    int32_t outer = size;
    emit(LOAD, CANDIDATE), emit(LOAD, LIMIT), emit(LESS, 0);
    int32_t end = emit(UNLESS, 0);
    emit(PUSH, 2), emit(STORE, DIVISOR);
    int32_t inner = size;
    emit(LOAD, DIVISOR), emit(LOAD, DIVISOR), emit(MUL, 0), emit(LOAD, CANDIDATE), emit(PUSH, 1), emit(ADD, 0);
    emit(LESS, 0);
    int32_t prime = emit(UNLESS, 0);
    emit(LOAD, CANDIDATE), emit(LOAD, DIVISOR), emit(MOD, 0);
    int32_t composite = emit(UNLESS, 0);
    emit(LOAD, DIVISOR), emit(PUSH, 1), emit(ADD, 0), emit(STORE, DIVISOR), emit(JUMP, inner);
    program[prime] = size;
    emit(LOAD, COUNT), emit(PUSH, 1), emit(ADD, 0), emit(STORE, COUNT);
    program[composite] = size;
    emit(LOAD, CANDIDATE), emit(PUSH, 1), emit(ADD, 0), emit(STORE, CANDIDATE), emit(JUMP, outer);
    program[end] = size;
    emit(HALT, 0);
}

static int64_t interpret(int64_t limit) {
    int64_t stack[16], locals[4] = {0, 0, 0, limit};
    int64_t *top = stack;
    for (const int32_t *pc = program;; pc += 2) {
        int32_t operand = pc[1];
        switch (pc[0]) {
        case PUSH: *top++ = operand; break;
        case LOAD: *top++ = locals[operand]; break;
        case STORE: locals[operand] = *--top; break;
        case ADD: top--; top[-1] += top[0]; break;
        case MUL: top--; top[-1] *= top[0]; break;
        case MOD: top--; top[-1] %= top[0]; break;
        case LESS: top--; top[-1] = top[-1] < top[0]; break;
        case JUMP: pc = program + operand - 2; break;
        case UNLESS: if (!*--top) pc = program + operand - 2; break;
        default: return locals[COUNT];
        }
    }
}

RUN(n) {
    assemble();
    return (uint64_t)interpret(n);
}
