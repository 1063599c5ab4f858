// Trace rays to spheres with reflections, in double precision.
#include "bench.h"

typedef struct { double x, y, z; } vector;
typedef struct { vector centre; double radius, mirror; } sphere;

static sphere spheres[12];

static vector add(vector a, vector b) { return (vector){a.x + b.x, a.y + b.y, a.z + b.z}; }
static vector scale(vector a, double s) { return (vector){a.x * s, a.y * s, a.z * s}; }
static vector subtract(vector a, vector b) { return add(a, scale(b, -1)); }
static double dot(vector a, vector b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static vector unit(vector a) { return scale(a, 1 / __builtin_sqrt(dot(a, a))); }

static double hit(const sphere *s, vector from, vector to) {
    vector away = subtract(s->centre, from);
    double along = dot(away, to), inside = s->radius * s->radius - dot(away, away) + along * along;
    if (inside < 0) return -1;
    double depth = __builtin_sqrt(inside);
    return along - depth > 1e-6 ? along - depth : along + depth > 1e-6 ? along + depth : -1;
}

static double trace(vector from, vector to, int depth) {
    double nearest = 1e30;
    const sphere *found = NULL;
    for (int i = 0; i < 12; i++) {
        double distance = hit(spheres + i, from, to);
        if (distance > 0 && distance < nearest) nearest = distance, found = spheres + i;
    }
    if (!found) return to.y > 0 ? 0.3 + 0.7 * to.y : 0.1;
    vector at = add(from, scale(to, nearest)), normal = unit(subtract(at, found->centre));
    double light = dot(normal, unit((vector){1, 2, -1}));
    if (light < 0) light = 0;
    if (depth == 0) return light;
    vector mirrored = subtract(to, scale(normal, 2 * dot(to, normal)));
    return light * (1 - found->mirror) + found->mirror * trace(at, mirrored, depth - 1);
}

RUN(n) {
    double total = 0;
    random_start();
    for (int i = 0; i < 12; i++) {
        double x = random_next() % 100, y = random_next() % 100, z = random_next() % 100;
        spheres[i] = (sphere){{x / 10 - 5, y / 10 - 5, z / 10 + 5}, 1 + x / 100, 0.2 + y / 200};
    }
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++)
            total += trace((vector){0}, unit((vector){(double)i / n - 0.5, (double)j / n - 0.5, 1}), 3);
    return bits(total);
}
