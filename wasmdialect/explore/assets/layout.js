"use strict";
// Where the nodes and edges of a directed graph go, in layers from top to bottom (after Sugiyama).

const LAYER_GAP = 38;
const NODE_GAP = 26;
const ROUNDS = 12;
const MOST_ITEMS = 20000; // nodes, and places where edges cross a layer

// Nodes have a width and a height; edges are [from, to]. The first node is the entry. Returns the left top
// corner of each node, and the points of each edge, from its source to its target; null if that would take
// long.
function layOut(nodes, edges) {
  const back = backEdges(nodes.length, edges);
  const forward = edges.map(([from, to], n) => (back.has(n) ? [to, from] : [from, to]));
  const layerOf = longestPaths(nodes.length, forward);
  const places = forward.reduce((sum, [from, to]) => sum + layerOf[to] - layerOf[from], nodes.length);
  if (places > MOST_ITEMS) return null;

  // Edges over several layers get a narrow node in each.
  const items = nodes.map((node, n) => ({ ...node, layer: layerOf[n], up: [], down: [] }));
  const chains = forward.map(([from, to]) => {
    if (from === to) return [from];
    const chain = [from];
    for (let layer = layerOf[from] + 1; layer < layerOf[to]; layer++) {
      chain.push(items.push({ width: 10, height: 0, layer, up: [], down: [] }) - 1);
    }
    chain.push(to);
    chain.slice(1).forEach((item, n) => {
      items[chain[n]].down.push(item);
      items[item].up.push(chain[n]);
    });
    return chain;
  });

  const layers = [];
  items.forEach((item, n) => (layers[item.layer] ??= []).push(n));
  reduceCrossings(items, layers);
  placeAcross(items, layers);
  const height = placeDown(items, layers);

  const left = items.reduce((least, item) => Math.min(least, item.x - item.width / 2), Infinity);
  for (const item of items) item.x -= left - 16;
  const routes = chains.map((chain, n) => {
    const points = route(chain.map((item) => items[item]));
    return back.has(n) ? points.reverse() : points;
  });
  return {
    corners: nodes.map((node, n) => ({ x: items[n].x - node.width / 2, y: items[n].y })),
    routes,
    back,
    width: largest(items.map((item) => item.x + item.width / 2)) + 30,
    height: height + 16,
  };
}

// The edges that lead to a node which the search has not left yet.
function backEdges(count, edges) {
  const out = Array.from({ length: count }, () => []);
  edges.forEach(([from], n) => out[from].push(n));
  const state = new Uint8Array(count); // 1 on the path, 2 left
  const back = new Set();
  for (let root = 0; root < count; root++) {
    if (state[root] !== 0) continue;
    const path = [[root, 0]];
    state[root] = 1;
    while (path.length > 0) {
      const top = path[path.length - 1];
      if (top[1] === out[top[0]].length) {
        state[top[0]] = 2;
        path.pop();
        continue;
      }
      const edge = out[top[0]][top[1]++];
      const to = edges[edge][1];
      if (state[to] === 1) back.add(edge);
      else if (state[to] === 0) {
        state[to] = 1;
        path.push([to, 0]);
      }
    }
  }
  return back;
}

function longestPaths(count, edges) {
  const layer = new Array(count).fill(0);
  const waiting = new Array(count).fill(0);
  const out = Array.from({ length: count }, () => []);
  for (const [from, to] of edges) {
    if (from === to) continue;
    out[from].push(to);
    waiting[to]++;
  }
  const ready = waiting.flatMap((incoming, n) => (incoming === 0 ? [n] : []));
  while (ready.length > 0) {
    const from = ready.pop();
    for (const to of out[from]) {
      layer[to] = Math.max(layer[to], layer[from] + 1);
      if (--waiting[to] === 0) ready.push(to);
    }
  }
  return layer;
}

// Nodes are sorted by the mean position of their neighbours, downwards and upwards in turn.
function reduceCrossings(items, layers) {
  const number = () => layers.forEach((layer) => layer.forEach((item, n) => (items[item].order = n)));
  number();
  for (let round = 0; round < ROUNDS; round++) {
    const side = round % 2 === 0 ? "up" : "down";
    for (const layer of side === "up" ? layers : [...layers].reverse()) {
      const wish = new Map(
        layer.map((item) => {
          const near = items[item][side];
          const sum = near.reduce((total, other) => total + items[other].order, 0);
          return [item, near.length > 0 ? sum / near.length : items[item].order];
        }),
      );
      layer.sort((a, b) => wish.get(a) - wish.get(b) || items[a].order - items[b].order);
      layer.forEach((item, n) => (items[item].order = n));
    }
  }
}

// Each node is drawn to the middle of its neighbours, and pushed apart from those beside it.
function placeAcross(items, layers) {
  for (const layer of layers) {
    let x = 0;
    for (const item of layer) {
      items[item].x = x + items[item].width / 2;
      x += items[item].width + NODE_GAP;
    }
  }
  for (let round = 0; round < 2 * ROUNDS; round++) {
    const side = round % 2 === 0 ? "up" : "down";
    for (const layer of side === "up" ? layers : [...layers].reverse()) {
      const wish = layer.map((item) => {
        const near = items[item][side].map((other) => items[other].x).sort((a, b) => a - b);
        if (near.length === 0) return items[item].x;
        return (near[(near.length - 1) >> 1] + near[near.length >> 1]) / 2;
      });
      spread(layer.map((item) => items[item]), wish);
    }
  }
}

// Positions in the given order, without overlaps, near to the wished ones: runs of nodes that touch move
// together, to the mean of what they want.
function spread(row, wish) {
  const runs = [];
  row.forEach((item, n) => {
    let run = { items: [item], offsets: [0], want: wish[n], count: 1, width: 0 };
    while (runs.length > 0) {
      const last = runs[runs.length - 1];
      const previous = last.items[last.items.length - 1];
      const gap = (previous.width + run.items[0].width) / 2 + NODE_GAP;
      if (last.want + last.width + gap <= run.want) break;
      runs.pop();
      const shift = last.width + gap;
      const count = last.count + run.count;
      run = {
        items: [...last.items, ...run.items],
        offsets: [...last.offsets, ...run.offsets.map((offset) => offset + shift)],
        want: (last.want * last.count + (run.want - shift) * run.count) / count,
        count,
        width: shift + run.width,
      };
    }
    runs.push(run);
  });
  for (const run of runs) run.items.forEach((item, n) => (item.x = run.want + run.offsets[n]));
}

function placeDown(items, layers) {
  let y = 16;
  for (const layer of layers) {
    const height = Math.max(...layer.map((item) => items[item].height));
    for (const item of layer) {
      items[item].y = y;
      items[item].room = height;
    }
    y += height + LAYER_GAP + Math.min(60, layer.length * 3);
  }
  return y;
}

function route(chain) {
  const [first] = chain;
  if (chain.length === 1) { // to itself
    const right = first.x + first.width / 2;
    const middle = first.y + first.height / 2;
    return [[right, middle + 6], [right + 22, middle + 6], [right + 22, middle - 6], [right, middle - 6]];
  }
  const points = [[first.x, first.y + first.height]];
  if (first.height < first.room) points.push([first.x, first.y + first.room]);
  for (const item of chain.slice(1, -1)) points.push([item.x, item.y], [item.x, item.y + item.room]);
  const last = chain[chain.length - 1];
  points.push([last.x, last.y]);
  return points;
}
