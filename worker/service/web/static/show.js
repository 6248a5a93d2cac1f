// What comes from the queue is only ever put into text nodes.
export const $ = (id) => document.getElementById(id);

// visible shows characters that would hide or turn what stands around them.
export const visible = (text) => String(text).replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
  (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));

export function text(node, value) {
  const shown = visible(value);
  if (node.textContent !== shown) node.textContent = shown;
}

export function make(name, value, options = {}) {
  const node = document.createElement(name);
  if (value != null) text(node, value);
  if (options.class) node.className = options.class;
  if (options.click) { node.type = "button"; node.addEventListener("click", options.click); }
  return node;
}

// number puts a count with separators, and as it is into data-value.
export function number(node, n) {
  if (node.dataset.value === String(n)) return;
  node.dataset.value = n;
  node.textContent = n.toLocaleString("en-US");
}

export function perSecond(rate) {
  if (rate === 0 || rate >= 1) return digits(rate) + "/s";
  return rate * 60 >= 1 ? digits(rate * 60) + "/min" : digits(rate * 3600) + "/h";
}
const digits = (n) => n >= 100 ? n.toFixed(0) : String(Number(n.toPrecision(3)));

export const time = (at) => at ? new Date(at).toISOString().replace("T", " ").slice(0, 19) : "";

export function countdown(until) {
  const s = Math.max(0, Math.round((new Date(until) - Date.now()) / 1000));
  const two = (n) => String(n).padStart(2, "0");
  return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

const svg = "http://www.w3.org/2000/svg";
function shape(to, name, attributes, title) {
  const node = document.createElementNS(svg, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (title) node.append(Object.assign(document.createElementNS(svg, "title"), { textContent: title }));
  to.append(node);
}

function frame(id, label) {
  const node = $(id);
  node.replaceChildren();
  node.setAttribute("viewBox", "0 0 300 100");
  node.setAttribute("preserveAspectRatio", "none");
  node.setAttribute("aria-label", label);
  shape(node, "line", { class: "axis", x1: 0, x2: 300, y1: 100, y2: 100 });
  return node;
}

// bars draws days: {name, value, capped}, and the cap as a line.
export function bars(id, days, cap) {
  const top = Math.max(1, cap || 0, ...days.map((d) => d.value)), width = 300 / Math.max(1, days.length);
  const node = frame(id, days.map((d) => `${d.name}: ${d.value}`).join(", "));
  days.forEach((d, i) => shape(node, "rect", { class: d.capped ? "bar capped" : "bar", x: i * width + width * .15, width: width * .7,
    y: 100 - 100 * d.value / top, height: 100 * d.value / top }, `${d.name}: ${d.value.toLocaleString("en-US")}${d.capped ? ", AiR's cap met" : ""}`));
  if (cap) shape(node, "line", { class: "cap", x1: 0, x2: 300, y1: 100 - 100 * cap / top, y2: 100 - 100 * cap / top });
}

// line draws samples {at, value}, a minute of them at least, and returns the highest.
export function line(id, samples, label) {
  const top = Math.max(1e-9, ...samples.map((s) => s.value)), now = samples.at(-1)?.at || 0;
  const span = Math.max(60000, now - (samples[0]?.at || 0));
  const node = frame(id, label);
  if (samples.length) {
    const points = samples.map((s) => `${(300 * (1 - (now - s.at) / span)).toFixed(1)},${(98 - 94 * s.value / top).toFixed(1)}`);
    shape(node, "polyline", { class: "line", points: points.join(" ") });
  }
  return samples.length ? top : 0;
}
