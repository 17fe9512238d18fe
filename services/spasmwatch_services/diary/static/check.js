// Ten minutes of pressing for each felt spasm; every press is kept at once, the end is one more entry.
import { deliver } from "./queue.js";
import { failed, identity } from "./wire.js";

export function startCheck() {
  const place = document.getElementById("checking");
  if (!place) return;
  const [run, left, number] = ["check-run", "check-left", "check-count"].map((id) => document.getElementById(id));
  const start = document.getElementById("check-start");
  let began = null, presses = 0, name = "", clock = null;

  start.addEventListener("click", () => {
    began = Date.now();
    presses = 0;
    name = `check:${identity().slice(0, 13)}`;
    number.textContent = "0";
    start.hidden = true;
    run.hidden = false;
    document.getElementById("check-press").focus();
    clock = setInterval(tick, 250);
  });
  document.getElementById("check-press").addEventListener("click", () => {
    presses += 1;
    number.textContent = String(presses);
    keep({ kind: "symptom", subkind: "felt_spasm", unit: name });
  });
  document.getElementById("check-end").addEventListener("click", end);

  function tick() {
    const seconds = Math.max(0, place.dataset.minutes * 60 - (Date.now() - began) / 1000);
    left.textContent = `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
    if (seconds === 0) end();
  }

  function end() {
    clearInterval(clock);
    run.hidden = true;
    start.hidden = false;
    start.focus();
    keep({ kind: "note", subkind: "check", value: (Date.now() - began) / 60000, unit: name });
  }

  function keep(entry) {
    const at = new Date().toISOString();
    deliver("POST", "/api/v1/entries", { ...entry, entry_id: identity(), at }).then(
      () => document.dispatchEvent(new Event("refresh")), failed,
    );
  }
}
