// Sort a linked list by merging, the nodes in random places.
#include "bench.h"

typedef struct node { struct node *next; uint32_t key; } node;

static node *merge(node *a, node *b) {
    node head, *tail = &head;
    while (a && b) {
        node **least = a->key <= b->key ? &a : &b;
        tail->next = *least;
        tail = *least;
        *least = (*least)->next;
    }
    tail->next = a ? a : b;
    return head.next;
}

static node *sort(node *list) {
    if (!list || !list->next) return list;
    node *slow = list, *fast = list->next;
    while (fast && fast->next) slow = slow->next, fast = fast->next->next;
    node *half = slow->next;
    slow->next = NULL;
    return merge(sort(list), sort(half));
}

RUN(n) {
    enum { NODES = 1 << 15 };
    static node nodes[NODES];
    uint64_t hash = 0;
    random_start();
    for (uint32_t round = 0; round < n; round++) {
        node *list = NULL;
        for (uint32_t i = 0; i < NODES; i++) {
            node *next = nodes + i * 12347u % NODES;
            next->key = random_next();
            next->next = list;
            list = next;
        }
        for (list = sort(list); list; list = list->next) hash = mix(hash, list->key);
    }
    return hash;
}
