// The outline of the landmarks around a spasm, replayed at its own pace in a sheet; numbers from a trace, no picture.
import { failed, send, text } from "./wire.js";

const SVG = "http://www.w3.org/2000/svg";
const UNIT = 100; // pixels of the drawing for one inter-ocular distance

export function startOutlines() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-outline]");
    if (!button) return;
    try {
      show(await send("GET", button.dataset.outline), button.dataset.name);
    } catch (error) {
      failed(error);
    }
  });
}

function show(moments, name) {
  const sheet = make("dialog");
  const title = make("h2", { id: "outline-title" }, name);
  const place = make("input", { type: "range", min: 0, max: moments.length - 1, value: 0 });
  const said = make("p", { className: "soft" });
  const drawing = canvas();
  const again = make("button", { type: "button", className: "strong" }, text("replay"));
  const close = make("button", { type: "button" }, text("close"));
  sheet.setAttribute("aria-labelledby", "outline-title");
  place.setAttribute("aria-label", text("outline_time"));
  const actions = make("p", { className: "actions" });
  actions.append(close, again);
  sheet.append(title, make("p", { className: "soft" }, text("outline")), drawing.root, place, said, actions);
  let running = null;

  function draw(index) {
    const { t, face } = moments[index];
    drawing.show(face);
    place.value = index;
    said.textContent = face ? text("outline_at", { t: t.toFixed(1) }) : text("outline_unseen");
  }

  function play() {
    cancelAnimationFrame(running);
    const began = performance.now() - moments[0].t * 1000;
    const step = (now) => {
      const next = moments.findIndex(({ t }) => t * 1000 > now - began);
      draw(next === -1 ? moments.length - 1 : Math.max(0, next - 1));
      if (next !== -1) running = requestAnimationFrame(step);
    };
    running = requestAnimationFrame(step);
  }

  place.addEventListener("input", () => { cancelAnimationFrame(running); draw(Number(place.value)); });
  again.addEventListener("click", play);
  close.addEventListener("click", () => sheet.close());
  sheet.addEventListener("close", () => { cancelAnimationFrame(running); sheet.remove(); });
  document.body.append(sheet);
  sheet.showModal();
  draw(0);
  play();
}

// As somebody sees it who sits opposite: the subject's left is on the right.
function canvas() {
  const root = shape("svg", { viewBox: "-110 -85 220 225", class: "outline", "aria-hidden": "true" });
  const lines = shape("path", { class: "stroke-ink" });
  const unseen = shape("g", { class: "fill-soft" });
  for (const [side, x] of [["right", -95], ["left", 95]]) {
    const label = shape("text", { x, y: -72, "text-anchor": "middle" });
    label.textContent = text(side);
    unseen.append(label);
  }
  root.append(lines, unseen);
  return { root, show: (face) => lines.setAttribute("d", face ? path(face) : "") };
}

function path({ left, right, mouth_open: open, brow_distance: between }) {
  return [...side(right, -1, between), ...side(left, 1, between), ...mouth(left, right, open)].join(" ");
}

function side({ gap, brow, nose }, sign, between) {
  const [inner, outer, half] = [sign * 0.28, sign * 0.72, Math.max(0, gap) / 2];
  const middle = (inner + outer) / 2;
  const lid = (up) => `M${at(inner, 0)} Q${at(middle, up * half * 2)} ${at(outer, 0)}`;
  return [
    lid(-1), lid(1),
    `M${at(sign * between / 2, -brow + 0.04)} Q${at(middle, -brow - 0.12)} ${at(sign * 0.85, -brow + 0.08)}`,
    `M${at(sign * 0.1, -nose + 0.06)} Q${at(sign * 0.3, -nose + 0.08)} ${at(sign * 0.24, -nose - 0.1)}`,
  ];
}

function mouth(left, right, open) {
  const from = at(-right.mouth_out, -right.mouth_up), to = at(left.mouth_out, -left.mouth_up);
  const middle = -(left.mouth_up + right.mouth_up) / 2;
  return [-1, 1].map((sign) => `M${from} Q${at(0, middle + sign * (open + 0.06))} ${to}`);
}

function at(x, y) {
  return `${(x * UNIT).toFixed(1)} ${(y * UNIT).toFixed(1)}`;
}

function shape(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function make(name, properties = {}, words = "") {
  const element = Object.assign(document.createElement(name), properties);
  if (words) element.textContent = words;
  return element;
}
