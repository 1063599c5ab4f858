// Move bodies that attract each other.
#include "../programs/bench.h"

enum { BODIES = 8 };
static double position[BODIES][3], speed[BODIES][3], mass[BODIES];

RUN(n) {
    random_start();
    for (int i = 0; i < BODIES; i++) {
        mass[i] = 1 + random_next() % 10;
        for (int k = 0; k < 3; k++) position[i][k] = random_next() % 100, speed[i][k] = 0;
    }
    for (uint32_t step = 0; step < n; step++) {
        for (int i = 0; i < BODIES; i++)
            for (int j = i + 1; j < BODIES; j++) {
                double d[3], square = 0.1;
                for (int k = 0; k < 3; k++) d[k] = position[i][k] - position[j][k], square += d[k] * d[k];
                double force = 0.01 / (square * __builtin_sqrt(square));
                for (int k = 0; k < 3; k++) speed[i][k] -= d[k] * mass[j] * force, speed[j][k] += d[k] * mass[i] * force;
            }
        for (int i = 0; i < BODIES; i++)
            for (int k = 0; k < 3; k++) position[i][k] += 0.01 * speed[i][k];
    }
    return bits(position[0][0] + position[BODIES - 1][2]);
}
