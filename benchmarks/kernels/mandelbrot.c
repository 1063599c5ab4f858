// Count iterations of points of the Mandelbrot set.
#include "../programs/bench.h"

RUN(n) {
    uint64_t total = 0;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++) {
            double cx = 3.0 * i / n - 2, cy = 2.0 * j / n - 1, x = 0, y = 0;
            int count = 0;
            while (x * x + y * y < 4 && count < 200) {
                double next = x * x - y * y + cx;
                y = 2 * x * y + cy;
                x = next;
                count++;
            }
            total += (uint64_t)count;
        }
    return total;
}
