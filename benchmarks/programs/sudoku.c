// Solve a hard Sudoku by trying digits, fewest choices first.
#include "bench.h"

static uint16_t rows[9], columns[9], boxes[9];
static uint8_t cells[81];
static uint64_t steps;

static void set(int at, int digit, int on) {
    uint16_t bit = (uint16_t)(1 << digit);
    int row = at / 9, column = at % 9, box = row / 3 * 3 + column / 3;
    rows[row] ^= bit, columns[column] ^= bit, boxes[box] ^= bit;
    cells[at] = on ? (uint8_t)digit : 0;
}

static int solve(void) {
    int best = -1, fewest = 10;
    uint32_t choices = 0;
    steps++;
    for (int at = 0; at < 81; at++) {
        if (cells[at]) continue;
        uint32_t possible = 0x3FE & ~(uint32_t)(rows[at / 9] | columns[at % 9] | boxes[at / 27 * 3 + at % 9 / 3]);
        int count = __builtin_popcount(possible);
        if (count < fewest) fewest = count, best = at, choices = possible;
    }
    if (best < 0) return 1;
    for (int digit = 1; digit <= 9; digit++) {
        if (!(choices >> digit & 1)) continue;
        set(best, digit, 1);
        if (solve()) return 1;
        set(best, digit, 0);
    }
    return 0;
}

RUN(n) {
    static const char puzzle[] = "8..........36......7..9.2...5...7.......457.....1...3...1....68..85...1..9....4..";
    uint64_t hash = 0;
    for (uint32_t round = 0; round < n; round++) {
        memset(rows, 0, sizeof rows), memset(columns, 0, sizeof columns), memset(boxes, 0, sizeof boxes);
        memset(cells, 0, sizeof cells);
        for (int at = 0; at < 81; at++)
            if (puzzle[at] != '.') set(at, puzzle[at] - '0', 1);
        steps = round;
        if (!solve()) return 0;
        for (int at = 0; at < 81; at++) hash = mix(hash, cells[at]);
        hash = mix(hash, steps);
    }
    return hash;
}
