// Fourier transforms of 4096 complex numbers, in place.
#include "../programs/bench.h"

enum { SIZE = 4096 };
static double re[SIZE], im[SIZE], cosines[SIZE / 2], sines[SIZE / 2];

static void transform(void) {
    for (uint32_t i = 1, j = 0; i < SIZE; i++) {
        uint32_t bit = SIZE >> 1;
        for (; j & bit; bit >>= 1) j ^= bit;
        j ^= bit;
        if (i < j) {
            double x = re[i], y = im[i];
            re[i] = re[j], im[i] = im[j], re[j] = x, im[j] = y;
        }
    }
    for (int half = 1; half < SIZE; half *= 2)
        for (int start = 0; start < SIZE; start += 2 * half)
            for (int k = 0; k < half; k++) {
                int i = start + k, j = i + half, turn = k * (SIZE / 2 / half);
                double x = re[j] * cosines[turn] - im[j] * sines[turn], y = re[j] * sines[turn] + im[j] * cosines[turn];
                re[j] = re[i] - x, im[j] = im[i] - y;
                re[i] += x, im[i] += y;
            }
}

RUN(n) {
    double c = 0.99999882345170188, s = -0.00153398018628476561;  // a turn by 2 pi / 4096
    cosines[0] = 1, sines[0] = 0;
    for (int i = 1; i < SIZE / 2; i++) {
        cosines[i] = cosines[i - 1] * c - sines[i - 1] * s;
        sines[i] = cosines[i - 1] * s + sines[i - 1] * c;
    }
    random_start();
    for (int i = 0; i < SIZE; i++) re[i] = random_next() % 1000, im[i] = 0;
    for (uint32_t round = 0; round < n; round++) {
        transform();
        for (int i = 0; i < SIZE; i++) re[i] /= 64, im[i] /= -64;
    }
    return bits(re[5] + im[77]);
}
