"use strict";
// What the page shows: packed in the page itself, or from the server that the page came from.

const isServed = document.getElementById("module") === null;
const contents = new Map(); // by index: a promise of a function's stages

async function unpack(id) {
  const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

async function ask(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`the server says ${response.status}`);
  return response.json();
}

const loadModule = () => (isServed ? ask("module") : unpack("module"));

const isHere = (index) => isServed || document.getElementById(`function-${index}`) !== null;

function loadFunction(index) {
  if (!contents.has(index)) {
    const loading = isServed ? ask(`function/${index}`) : unpack(`function-${index}`);
    loading.catch(() => contents.delete(index));
    contents.set(index, loading);
  }
  return contents.get(index);
}
